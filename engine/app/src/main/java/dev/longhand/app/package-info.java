/** The command line. Within the engine, only these packages print. */
@NullMarked
package dev.longhand.app;

import org.jspecify.annotations.NullMarked;
