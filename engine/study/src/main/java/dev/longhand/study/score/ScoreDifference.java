package dev.longhand.study.score;

import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The answers whose verdict differs between two runs.
 *
 * @param common the number of answers that both runs scored
 * @param gained the answers, as id and sample, that only the second run has right
 * @param lost the answers that only the first run has right
 * @param p the two-sided p of McNemar's exact test
 */
public record ScoreDifference(int common, List<String> gained, List<String> lost, double p) {
    public ScoreDifference {
        gained = List.copyOf(gained);
        lost = List.copyOf(lost);
    }

    /**
     * Compares two files of scores.
     *
     * @throws dev.longhand.engine.error.InputException if a line is invalid
     */
    public static ScoreDifference between(Path first, Path second) {
        Map<String, Boolean> before = verdicts(first);
        List<String> gained = new ArrayList<>();
        List<String> lost = new ArrayList<>();
        int[] common = {0};
        verdicts(second)
                .forEach(
                        (answer, right) -> {
                            Boolean wasRight = before.get(answer);
                            common[0] += wasRight == null ? 0 : 1;
                            if (wasRight != null && !wasRight.equals(right)) {
                                (right ? gained : lost).add(answer);
                            }
                        });
        return new ScoreDifference(
                common[0], gained, lost, Statistics.mcnemar(gained.size(), lost.size()));
    }

    private static Map<String, Boolean> verdicts(Path file) {
        Map<String, Boolean> verdicts = new LinkedHashMap<>();
        try (JsonLines<Score> scores = JsonLines.open(file, Score::of)) {
            for (Score score = scores.next(); score != null; score = scores.next()) {
                if (score.correct() != null) {
                    verdicts.put(score.key(), score.correct());
                }
            }
        }
        return verdicts;
    }
}
