package dev.longhand.engine.generation;

/**
 * Function call that the assistant made.
 *
 * @param name name of the function
 * @param arguments arguments as JSON
 */
public record ToolCall(String name, String arguments) {}
