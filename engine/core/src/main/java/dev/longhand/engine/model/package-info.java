/** A model on a backend: its weights bound by name, and the forward pass. */
@NullMarked
package dev.longhand.engine.model;

import org.jspecify.annotations.NullMarked;
