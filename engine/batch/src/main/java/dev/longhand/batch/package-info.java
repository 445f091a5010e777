/** Files of problems in, files of generations out; survives a kill at any moment. */
@NullMarked
package dev.longhand.batch;

import org.jspecify.annotations.NullMarked;
