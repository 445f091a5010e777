package dev.longhand.study.score;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.format.Score;
import dev.longhand.study.format.Summary;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts the scores of a benchmark, or of a whole run. One thread uses it. */
final class Tally {
    private static final Set<String> TRUNCATED = Set.of("length", "context", "loop");

    /** The field of a score with the verdicts on a problem's instructions. */
    static final String FOLLOWED = "followed";

    private final Map<String, int[]> samplesAndRight = new HashMap<>();
    private final Map<String, Integer> rules = new TreeMap<>();
    private final List<Integer> tokens = new ArrayList<>();
    private int samples;
    private int unscored;
    private int right;
    private int truncated;
    private int empty;
    private int limited;
    private long keywords;
    private int instructions;
    private int instructionsFollowed;

    void add(Scored scored) {
        Score score = scored.score();
        int[] counts = samplesAndRight.computeIfAbsent(score.idText(), id -> new int[2]);
        boolean correct = score.correct() != null && score.correct();
        counts[0]++;
        counts[1] += correct ? 1 : 0;
        samples++;
        right += correct ? 1 : 0;
        unscored += score.correct() == null ? 1 : 0;
        truncated += TRUNCATED.contains(scored.finish()) ? 1 : 0;
        empty += score.normalized() == null || score.normalized().isEmpty() ? 1 : 0;
        limited += score.timeout() ? 1 : 0;
        keywords += scored.keywords();
        for (JsonNode followed : score.others().path(FOLLOWED)) {
            instructions++;
            instructionsFollowed += followed.asBoolean() ? 1 : 0;
        }
        rules.merge(score.rule(), 1, Integer::sum);
        if (scored.tokens() != null) {
            tokens.add(scored.tokens());
        }
    }

    Summary summary(String benchmark, String configHash) {
        Collections.sort(tokens);
        int count = tokens.size();
        boolean counted = count > 0;
        double sum = tokens.stream().mapToLong(Integer::longValue).sum();
        ObjectNode others = JsonLine.newObject();
        others.put("unscored", unscored);
        others.put("limited", limited);
        if (instructions > 0) { // prompt-level accuracy is that of the summary
            others.put("n_instructions", instructions);
            others.put("instruction_accuracy", 100.0 * instructionsFollowed / instructions);
        }
        ObjectNode byRule = others.putObject("rules");
        rules.forEach(byRule::put);
        return new Summary(
                benchmark,
                samplesAndRight.size(),
                samples,
                right,
                samples == 0 ? 0 : 100.0 * right / samples,
                Statistics.wilson(right, samples),
                passAtK(),
                counted ? (Double) (sum / count) : null,
                counted ? (Double) median(count) : null,
                counted ? (Double) (double) tokens.get((int) Math.ceil(0.9 * count) - 1) : null,
                samples == 0 ? null : (Double) ((double) keywords / samples),
                truncated,
                empty,
                null,
                configHash,
                others);
    }

    private double median(int count) {
        return (tokens.get((count - 1) / 2) + tokens.get(count / 2)) / 2.0;
    }

    /** For k = 1 and the powers of two up to the least number of samples of a problem, and that. */
    private Map<Integer, Double> passAtK() {
        int least = samplesAndRight.values().stream().mapToInt(each -> each[0]).min().orElse(0);
        Map<Integer, Double> passAtK = new TreeMap<>();
        for (int k = 1; k <= least; k = k == least ? k + 1 : Math.min(2 * k, least)) {
            int drawn = k;
            passAtK.put(
                    k,
                    samplesAndRight.values().stream()
                            .mapToDouble(each -> Statistics.passAtK(each[0], each[1], drawn))
                            .average()
                            .orElse(0));
        }
        return passAtK;
    }
}
