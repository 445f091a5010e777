/** Generations over sockets: a service of models by name, and newline-delimited JSON in front. */
@NullMarked
package dev.longhand.service;

import org.jspecify.annotations.NullMarked;
