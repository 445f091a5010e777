/** Chat templates: conversations as the prompt text that a checkpoint was trained on. */
@NullMarked
package dev.longhand.engine.chat;

import org.jspecify.annotations.NullMarked;
