/** Generations over sockets: a service of models by name, and newline-delimited JSON in front. */
@NullMarked
package dev.longhand.engine.serve;

import org.jspecify.annotations.NullMarked;
