/**
 * Generations over sockets: one service behind two thin faces, newline-delimited JSON and the part
 * of the OpenAI HTTP interface that clients expect.
 */
@NullMarked
package dev.longhand.engine.serve;

import org.jspecify.annotations.NullMarked;
