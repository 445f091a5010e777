/** Fetches models and adapters from the Hugging Face Hub into its local cache. */
@NullMarked
package dev.longhand.app.hub;

import org.jspecify.annotations.NullMarked;
