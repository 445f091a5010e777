package dev.longhand.study.likelihood;

import java.util.List;

/**
 * A question with the continuations that are compared.
 *
 * @param context the text before an option
 * @param delimiter what stands between the context and an option
 * @param options the options as texts
 * @param right the index of the right option
 * @param group names the questions whose contexts begin alike; empty if only the question differs
 */
record OptionPrompt(
        String context, String delimiter, List<String> options, int right, String group) {}
