package dev.longhand.study.curate;

import dev.longhand.batch.Problem;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;
import dev.longhand.study.format.JsonLines;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds questions that overlap with those of benchmarks: in a run of {@code n} words, or as a whole
 * where a question is shorter. Case and punctuation do not count.
 */
public final class Contamination {
    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{N}]+");

    private final int n;
    private final Map<String, Set<Long>> grams = new LinkedHashMap<>();

    /**
     * Creates a check without benchmarks.
     *
     * @param n the number of words, at least 1
     */
    public Contamination(int n) {
        if (n < 1) {
            throw new InputException("an n-gram has at least one word, not " + n);
        }
        this.n = n;
    }

    /** The number of words of a run. */
    public int n() {
        return n;
    }

    /** Adds the questions of a file of problems. */
    public void add(Path benchmark) {
        Set<Long> of =
                grams.computeIfAbsent(
                        String.valueOf(benchmark.getFileName()), key -> new HashSet<>());
        try (JsonLines<Problem> lines = JsonLines.open(benchmark, Problem::of)) {
            for (Problem each = lines.next(); each != null; each = lines.next()) {
                of.addAll(grams(each.question()));
            }
        }
    }

    /** The names of the benchmarks' files. */
    public List<String> benchmarks() {
        return List.copyOf(grams.keySet());
    }

    /** Returns the benchmarks with which a question overlaps. */
    public List<String> overlaps(String question) {
        List<Long> own = grams(question);
        return grams.entrySet().stream()
                .filter(each -> own.stream().anyMatch(each.getValue()::contains))
                .map(Map.Entry::getKey)
                .toList();
    }

    private List<Long> grams(String question) {
        List<String> words =
                BETWEEN_WORDS
                        .splitAsStream(question.toLowerCase(Locale.ROOT))
                        .filter(word -> !word.isEmpty())
                        .toList();
        List<Long> hashes = new ArrayList<>();
        for (int i = 0; i + n <= words.size(); i++) {
            hashes.add(hash(words.subList(i, i + n)));
        }
        if (hashes.isEmpty() && !words.isEmpty()) {
            hashes.add(hash(words));
        }
        return hashes;
    }

    private static long hash(List<String> words) {
        return ByteBuffer.wrap(Sha256.bytes(String.join(" ", words))).getLong();
    }
}
