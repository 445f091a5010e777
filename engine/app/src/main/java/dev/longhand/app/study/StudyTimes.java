package dev.longhand.app.study;

import dev.longhand.study.pipeline.Stage;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Estimates the time of stages: the mean of the ended stages of the same kind, else what the
 * study's author expects.
 */
final class StudyTimes {
    private static final double SECONDS_OF_LITTLE = 3;

    private final Expectation expected;
    private final Map<String, double[]> byKind = new HashMap<>(); // seconds and number
    private final Set<String> ended = new HashSet<>();
    private final List<Stage> stages;

    StudyTimes(List<Stage> stages, Expectation expected) {
        this.stages = stages;
        this.expected = expected;
    }

    void ended(Stage stage) {
        ended.add(stage.name());
    }

    void measured(Stage stage, double seconds) {
        ended(stage);
        double[] sum = byKind.computeIfAbsent(stage.kind(), kind -> new double[2]);
        sum[0] += seconds;
        sum[1]++;
    }

    /** The seconds that a stage takes, by measurement or expectation. */
    double seconds(Stage stage) {
        double[] sum = byKind.get(stage.kind());
        return sum != null ? sum[0] / sum[1] : Math.max(SECONDS_OF_LITTLE, expected.seconds(stage));
    }

    /** The seconds of all stages that have not ended, one after the other. */
    double secondsLeft() {
        return stages.stream()
                .filter(stage -> !ended.contains(stage.name()))
                .mapToDouble(this::seconds)
                .sum();
    }
}
