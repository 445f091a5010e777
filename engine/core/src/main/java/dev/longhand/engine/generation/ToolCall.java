package dev.longhand.engine.generation;

import org.jspecify.annotations.Nullable;

/**
 * Function call that the assistant made.
 *
 * @param id name of the call, for its result; null if it has none
 * @param name name of the function
 * @param arguments arguments as JSON
 */
public record ToolCall(@Nullable String id, String name, String arguments) {
    /** Creates a call without an id. */
    public ToolCall(String name, String arguments) {
        this(null, name, arguments);
    }
}
