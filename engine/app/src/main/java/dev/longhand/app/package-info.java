/** The command line. Of the engine, only its packages print. */
@NullMarked
package dev.longhand.app;

import org.jspecify.annotations.NullMarked;
