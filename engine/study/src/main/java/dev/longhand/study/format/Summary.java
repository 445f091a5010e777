package dev.longhand.study.format;

import dev.longhand.batch.JsonLine;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The figures of a scored run, or of one of its benchmarks. An absent figure is null.
 *
 * @param benchmark the benchmark; empty for a whole run
 * @param problems the number of problems
 * @param samples the number of generations
 * @param correct the number of right generations
 * @param accuracy the share of right generations, in percent, unrounded
 * @param wilson the ends of Wilson's 95 % interval of the accuracy, in percent; empty if absent
 * @param passAtK for each k, the mean of pass@k over the problems, from 0 to 1
 * @param tokensMean the mean number of tokens of a generation's text
 * @param tokensMedian the median of these numbers
 * @param tokensP90 their 90th percentile
 * @param keywordsMean the mean number of reflection keywords
 * @param truncated the number of generations that a limit ended
 * @param empty the number of generations without an answer
 * @param wallSeconds the time of the run
 * @param configHash the hash of the settings that made the run
 * @param others the fields outside the format
 */
public record Summary(
        String benchmark,
        int problems,
        int samples,
        int correct,
        double accuracy,
        List<Double> wilson,
        Map<Integer, Double> passAtK,
        @Nullable Double tokensMean,
        @Nullable Double tokensMedian,
        @Nullable Double tokensP90,
        @Nullable Double keywordsMean,
        int truncated,
        int empty,
        @Nullable Double wallSeconds,
        @Nullable String configHash,
        ObjectNode others) {
    private static final List<String> FIELDS =
            List.of(
                    "benchmark",
                    "n_problems",
                    "n_samples",
                    "n_correct",
                    "accuracy",
                    "wilson95",
                    "pass_at_k",
                    "mean_tokens",
                    "median_tokens",
                    "p90_tokens",
                    "mean_keywords",
                    "truncated",
                    "empty",
                    "wall_seconds",
                    "config_hash");

    public Summary {
        wilson = List.copyOf(wilson);
        passAtK = new TreeMap<>(passAtK);
    }

    /**
     * Reads the object.
     *
     * @throws dev.longhand.engine.error.InputException if a field is of another kind
     */
    public static Summary of(JsonLine json) {
        Double accuracy = json.number("accuracy");
        if (accuracy == null) {
            throw json.refuse("accuracy", "is missing");
        }
        return new Summary(
                json.string("benchmark", ""),
                json.count("n_problems", 0),
                json.count("n_samples", 0),
                json.count("n_correct", 0),
                accuracy,
                json.list("wilson95").stream().map(JsonNode::asDouble).toList(),
                passAtK(json),
                json.number("mean_tokens"),
                json.number("median_tokens"),
                json.number("p90_tokens"),
                json.number("mean_keywords"),
                json.count("truncated", 0),
                json.count("empty", 0),
                json.number("wall_seconds"),
                json.string("config_hash"),
                json.others(FIELDS));
    }

    private static Map<Integer, Double> passAtK(JsonLine json) {
        Map<Integer, Double> passAtK = new TreeMap<>();
        json.object("pass_at_k")
                .properties()
                .forEach(
                        each -> {
                            if (!each.getKey().matches("[1-9]\\d{0,8}")
                                    || !each.getValue().isNumber()) {
                                throw json.refuse("pass_at_k", "must map k to a number");
                            }
                            passAtK.put(
                                    Integer.valueOf(each.getKey()), each.getValue().doubleValue());
                        });
        return passAtK;
    }

    /** Returns the object. */
    public ObjectNode json() {
        ObjectNode json = JsonLine.newObject();
        if (!benchmark.isEmpty()) {
            json.put("benchmark", benchmark);
        }
        json.put("n_problems", problems);
        json.put("n_samples", samples);
        json.put("n_correct", correct);
        json.put("accuracy", accuracy);
        if (!wilson.isEmpty()) {
            wilson.forEach(json.putArray("wilson95")::add);
        }
        ObjectNode pass = json.putObject("pass_at_k");
        passAtK.forEach((k, value) -> pass.put(k.toString(), value));
        put(json, "mean_tokens", tokensMean);
        put(json, "median_tokens", tokensMedian);
        put(json, "p90_tokens", tokensP90);
        put(json, "mean_keywords", keywordsMean);
        json.put("truncated", truncated);
        json.put("empty", empty);
        put(json, "wall_seconds", wallSeconds);
        if (configHash != null) {
            json.put("config_hash", configHash);
        }
        json.setAll(others);
        return json;
    }

    private static void put(ObjectNode json, String key, @Nullable Double value) {
        if (value != null) {
            json.put(key, value);
        }
    }
}
