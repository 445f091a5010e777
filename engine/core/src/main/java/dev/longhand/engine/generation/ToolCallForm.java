package dev.longhand.engine.generation;

/** How a model writes calls of functions, which its chat template shows. */
public enum ToolCallForm {
    /**
     * {@code <tool_call>}, an object of name and arguments, {@code </tool_call>}: Qwen2.5, QwQ,
     * Qwen3 and the Hermes models.
     */
    HERMES("", "<tool_call>\n{\"name\": ", true, ", \"arguments\": ", "}\n</tool_call>", "\n", ""),

    /**
     * {@code <tool_call>}, {@code <function=NAME>} with {@code <parameter=NAME>} for each argument,
     * {@code </tool_call>}: Qwen3-Coder. Its arguments are not JSON.
     */
    FUNCTION_XML("", "<tool_call>\n<function=", false, ">\n", "\n</tool_call>", "\n", ""),

    /** DeepSeek's markers around a name and arguments in a fence: R1 and its distilled models. */
    DEEPSEEK(
            "<｜tool▁calls▁begin｜>",
            "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
            false,
            "\n```json\n",
            "\n```<｜tool▁call▁end｜>",
            "\n",
            "<｜tool▁calls▁end｜>"),

    /**
     * An object of name and parameters as the whole answer, perhaps after {@code <|python_tag|>}:
     * Llama 3.
     */
    LLAMA("", "{\"name\": ", true, ", \"parameters\": ", "}", "; ", ""),

    /** {@code [TOOL_CALLS]} and a list of objects of name and arguments: Mistral. */
    MISTRAL("[TOOL_CALLS] [", "{\"name\": ", true, ", \"arguments\": ", "}", ", ", "]");

    private final String first;
    private final String before;
    private final boolean quoted;
    private final String middle;
    private final String after;
    private final String between;
    private final String last;

    ToolCallForm(
            String first,
            String before,
            boolean quoted,
            String middle,
            String after,
            String between,
            String last) {
        this.first = first;
        this.before = before;
        this.quoted = quoted;
        this.middle = middle;
        this.after = after;
        this.between = between;
        this.last = last;
    }

    /** Whether the arguments are a JSON object, which a schema can describe. */
    public boolean argumentsAreJson() {
        return this != FUNCTION_XML;
    }

    /** The text before all calls of an answer. */
    public String first() {
        return first;
    }

    /** The text before the name. */
    public String before() {
        return before;
    }

    /** Whether the name is a JSON string. */
    public boolean quoted() {
        return quoted;
    }

    /** The text between the name and the arguments. */
    public String middle() {
        return middle;
    }

    /** The text after the arguments. */
    public String after() {
        return after;
    }

    /** The text between two calls. */
    public String between() {
        return between;
    }

    /** The text after all calls. */
    public String last() {
        return last;
    }
}
