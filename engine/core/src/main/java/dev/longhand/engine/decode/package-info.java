/** One sequence on its way: its tokens, its pages, when it stops. */
@NullMarked
package dev.longhand.engine.decode;

import org.jspecify.annotations.NullMarked;
