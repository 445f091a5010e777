package dev.longhand.app.study;

import dev.longhand.study.pipeline.Stage;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Estimates the time of stages by the ended stages of the same kind, per expected token where both
 * have some; else it is what the study's author expects.
 */
final class StudyTimes {
    private static final double SECONDS_OF_LITTLE = 3;

    private final Expectation expected;
    private final Map<String, Sum> byKind = new HashMap<>();
    private final Set<String> ended = new HashSet<>();
    private final List<Stage> stages;

    /** What the ended stages of a kind took. */
    private record Sum(double seconds, long tokens, int stages) {
        static final Sum NONE = new Sum(0, 0, 0);

        Sum plus(Stage stage, double more) {
            return new Sum(seconds + more, tokens + stage.work().tokens(), stages + 1);
        }

        double of(Stage stage) {
            return tokens > 0 && stage.work().tokens() > 0
                    ? seconds / tokens * stage.work().tokens()
                    : seconds / stages;
        }
    }

    StudyTimes(List<Stage> stages, Expectation expected) {
        this.stages = stages;
        this.expected = expected;
    }

    void ended(Stage stage) {
        ended.add(stage.name());
    }

    void measured(Stage stage, double seconds) {
        ended(stage);
        Sum sum = byKind.getOrDefault(stage.kind(), Sum.NONE);
        byKind.put(stage.kind(), sum.plus(stage, seconds));
    }

    /** The seconds that a stage takes, by measurement or expectation. */
    double seconds(Stage stage) {
        Sum sum = byKind.get(stage.kind());
        return sum != null ? sum.of(stage) : Math.max(SECONDS_OF_LITTLE, expected.seconds(stage));
    }

    /** The seconds of all stages that have not ended, one after the other. */
    double secondsLeft() {
        return stages.stream()
                .filter(stage -> !ended.contains(stage.name()))
                .mapToDouble(this::seconds)
                .sum();
    }
}
