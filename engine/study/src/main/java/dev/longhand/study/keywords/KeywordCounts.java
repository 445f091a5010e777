package dev.longhand.study.keywords;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often each of the {@link ReflectionKeywords} stands in a text.
 *
 * @param byPhrase those that occur, in the order of the list
 */
public record KeywordCounts(Map<String, Integer> byPhrase) {
    /** None at all. */
    public static final KeywordCounts NONE = new KeywordCounts(Map.of());

    public KeywordCounts {
        byPhrase = Collections.unmodifiableMap(new LinkedHashMap<>(byPhrase));
    }

    /** All together. */
    public int total() {
        return byPhrase.values().stream().mapToInt(Integer::intValue).sum();
    }
}
