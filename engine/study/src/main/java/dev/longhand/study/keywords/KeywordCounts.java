package dev.longhand.study.keywords;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The number of occurrences of each of the {@link ReflectionKeywords} in a text.
 *
 * @param byPhrase the counts above 0, in the order of the list
 */
public record KeywordCounts(Map<String, Integer> byPhrase) {
    /** No occurrences. */
    public static final KeywordCounts NONE = new KeywordCounts(Map.of());

    public KeywordCounts {
        byPhrase = Collections.unmodifiableMap(new LinkedHashMap<>(byPhrase));
    }

    /** The sum of all counts. */
    public int total() {
        return byPhrase.values().stream().mapToInt(Integer::intValue).sum();
    }
}
