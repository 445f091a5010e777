/** One sequence: its life, its tokens, its KV pages, its stop conditions. */
@NullMarked
package dev.longhand.engine.decode;

import org.jspecify.annotations.NullMarked;
