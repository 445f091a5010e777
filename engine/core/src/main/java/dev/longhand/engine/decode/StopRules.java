package dev.longhand.engine.decode;

import java.util.List;
import java.util.Set;

/**
 * The ends of an output, and what of them its text contains.
 *
 * @param strings strings that end the text
 * @param tokens tokens that end the output, end-of-sequence tokens included
 * @param tokensLeast number of output tokens that no stop string ends; the sampler does not sample
 *     the tokens of {@code tokens} among them
 * @param included whether the text contains the string or the token that ends it
 * @param controlText whether control tokens have text
 * @param shown control tokens that have text in any case
 */
public record StopRules(
        List<String> strings,
        Set<Integer> tokens,
        int tokensLeast,
        boolean included,
        boolean controlText,
        Set<Integer> shown) {
    public StopRules {
        strings = List.copyOf(strings);
        tokens = Set.copyOf(tokens);
        shown = Set.copyOf(shown);
    }

    /** Creates rules of strings and tokens that the text does not contain. */
    public static StopRules of(List<String> strings, Integer... tokens) {
        return new StopRules(strings, Set.of(tokens), 0, false, false, Set.of());
    }

    /** Whether the text contains a control token, if it does not end the output. */
    boolean shows(int token) {
        return controlText || shown.contains(token);
    }
}
