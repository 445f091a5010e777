/** Training of LoRA adapters; so far it only writes them. */
@NullMarked
package dev.longhand.training;

import org.jspecify.annotations.NullMarked;
