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
 */
public record StopRules(
        List<String> strings,
        Set<Integer> tokens,
        int tokensLeast,
        boolean included,
        boolean controlText) {
    public StopRules {
        strings = List.copyOf(strings);
        tokens = Set.copyOf(tokens);
    }

    /** Creates rules of strings and tokens that the text does not contain. */
    public static StopRules of(List<String> strings, Integer... tokens) {
        return new StopRules(strings, Set.of(tokens), 0, false, false);
    }
}
