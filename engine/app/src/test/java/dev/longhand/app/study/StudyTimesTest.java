package dev.longhand.app.study;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.pipeline.Stage;

import org.junit.jupiter.api.Test;

import java.util.List;

/** The time left of a study. */
class StudyTimesTest {
    private static Stage stage(String name, String command, long tokens) {
        return Stage.of(name, List.of(command), new Stage.Work(tokens, 0));
    }

    /** A stage of few tokens takes less than one of many, whichever ended first. */
    @Test
    void timesGoByTokens() {
        Stage large = stage("large", "train", 9000);
        Stage small = stage("small", "train", 1000);
        Stage other = stage("other", "batch", 100);
        Stage little = stage("little", "score", 0);
        Stage next = stage("next", "score", 0);
        StudyTimes times =
                new StudyTimes(
                        List.of(large, small, other, little, next),
                        Expectation.of(
                                JsonLine.parse(
                                        "expect",
                                        "{\"generate_tokens_per_second\":10}".getBytes())));
        assertEquals(3 + 3 + 10 + 3 + 3, times.secondsLeft());
        times.measured(large, 90);
        assertEquals(10, times.seconds(small), 1e-9);
        times.measured(little, 7);
        assertEquals(10 + 10 + 7, times.secondsLeft(), 1e-9);
    }
}
