package dev.longhand.study.curate;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.keywords.KeywordCounts;
import dev.longhand.study.keywords.ReflectionKeywords;

import tools.jackson.databind.node.ObjectNode;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The counts and figures of curated data. One thread adds to it. */
public final class DataCard {
    private final Map<Stage, Integer> stages = new EnumMap<>(Stage.class);
    private final Map<String, Integer> sources = new TreeMap<>();
    private final Map<String, Integer> overlaps = new TreeMap<>();
    private final Map<String, Long> keywords = new TreeMap<>();
    private final Map<String, String> hashes = new TreeMap<>();
    private int[] tokens = new int[1024];
    private int counted;

    DataCard() {
        for (Stage stage : Stage.values()) {
            stages.put(stage, 0);
        }
    }

    void reached(Stage stage) {
        stages.merge(stage, 1, Integer::sum);
    }

    void overlapped(String benchmark) {
        overlaps.merge(benchmark, 1, Integer::sum);
    }

    void hashed(String file, String sha256) {
        hashes.put(file, sha256);
    }

    void kept(String source, int length, KeywordCounts found) {
        sources.merge(source.isEmpty() ? "unnamed" : source, 1, Integer::sum);
        if (counted == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * counted);
        }
        tokens[counted++] = length;
        found.byPhrase()
                .forEach((phrase, count) -> keywords.merge(phrase, (long) count, Long::sum));
    }

    /** The number of generations that reached a stage. */
    public int count(Stage stage) {
        return stages.getOrDefault(stage, 0);
    }

    /** The card as a JSON object. */
    public ObjectNode json() {
        ObjectNode json = JsonLine.newObject();
        ObjectNode counts = json.putObject("stages");
        stages.forEach((stage, count) -> counts.put(stage.jsonName(), count));
        ObjectNode bySource = json.putObject("sources");
        sources.forEach(bySource::put);
        ObjectNode byBenchmark = json.putObject("overlaps_with_benchmarks");
        overlaps.forEach(byBenchmark::put);
        int[] sorted = Arrays.copyOf(tokens, counted);
        Arrays.sort(sorted);
        ObjectNode lengths = json.putObject("tokens");
        lengths.put("mean", Arrays.stream(sorted).average().orElse(0));
        lengths.put("median", quantile(sorted, 0.5));
        lengths.put("p90", quantile(sorted, 0.9));
        lengths.put("max", quantile(sorted, 1));
        json.put("keywords_sha", ReflectionKeywords.LIST_HASH);
        long total = keywords.values().stream().mapToLong(Long::longValue).sum();
        json.put("mean_keywords", counted == 0 ? 0 : (double) total / counted);
        ObjectNode byPhrase = json.putObject("keywords");
        keywords.forEach(byPhrase::put);
        ObjectNode files = json.putObject("sha256");
        hashes.forEach(files::put);
        return json;
    }

    private static int quantile(int[] sorted, double share) {
        return sorted.length == 0
                ? 0
                : sorted[(int) Math.min(sorted.length - 1, share * sorted.length)];
    }

    /** The card as Markdown. */
    public String markdown() {
        ObjectNode json = json();
        StringBuilder text =
                new StringBuilder("# Data card\n\n| stage | generations |\n| --- | --- |\n");
        stages.forEach(
                (stage, count) -> text.append("| %s | %d |\n".formatted(stage.jsonName(), count)));
        text.append("\n| source | samples |\n| --- | --- |\n");
        sources.forEach((source, count) -> text.append("| %s | %d |\n".formatted(source, count)));
        text.append("\n| benchmark | overlapping generations |\n| --- | --- |\n");
        overlaps.forEach((name, count) -> text.append("| %s | %d |\n".formatted(name, count)));
        text.append(
                String.format(
                        Locale.ROOT,
                        "\n"
                                + "Tokens: mean %.1f, median %d, p90 %d, largest %d. Reflection"
                                + " keywords: %.2f a sample (list %s).\n\n"
                                + "| file | SHA-256 |\n"
                                + "| --- | --- |\n",
                        json.path("tokens").path("mean").asDouble(),
                        json.path("tokens").path("median").asInt(),
                        json.path("tokens").path("p90").asInt(),
                        json.path("tokens").path("max").asInt(),
                        json.path("mean_keywords").asDouble(),
                        ReflectionKeywords.LIST_HASH));
        hashes.forEach((file, hash) -> text.append("| %s | %s |\n".formatted(file, hash)));
        return text.toString();
    }
}
