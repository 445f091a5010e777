/** The demo: the model in the jar answers word problems. */
@NullMarked
package dev.longhand.app.demo;

import org.jspecify.annotations.NullMarked;
