package dev.longhand.engine.generation;

/**
 * A function call that the assistant made.
 *
 * @param name the function
 * @param arguments JSON of its arguments
 */
public record ToolCall(String name, String arguments) {}
