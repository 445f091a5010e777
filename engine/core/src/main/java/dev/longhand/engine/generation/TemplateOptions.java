package dev.longhand.engine.generation;

import java.util.List;
import java.util.Map;

/**
 * What a chat template is told besides messages and tools.
 *
 * @param openAnswer whether the prompt ends with the opening of the assistant's answer
 * @param continueFinal whether the prompt ends within the last message, which the model continues;
 *     it excludes {@code openAnswer}
 * @param documents JSON objects of texts for the answer, possibly none
 * @param variables JSON values by name, which a template may read, such as {@code enable_thinking}
 */
public record TemplateOptions(
        boolean openAnswer,
        boolean continueFinal,
        List<String> documents,
        Map<String, String> variables) {
    /** Opens an answer, and tells nothing else. */
    public static final TemplateOptions DEFAULT =
            new TemplateOptions(true, false, List.of(), Map.of());

    public TemplateOptions {
        documents = List.copyOf(documents);
        variables = Map.copyOf(variables);
    }
}
