/** What a caller asks for and what comes back: requests, sampling options, events, reasons. */
@NullMarked
package dev.longhand.engine.generation;

import org.jspecify.annotations.NullMarked;
