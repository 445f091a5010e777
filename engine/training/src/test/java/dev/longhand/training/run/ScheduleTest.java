package dev.longhand.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Learning rates against values of transformers' schedulers. */
class ScheduleTest {
    @ParameterizedTest
    @CsvSource({
        "144, 0, 0",
        "144, 1, .06666667",
        "144, 7, .46666667",
        "144, 15, 1",
        "144, 16, .99985173",
        "144, 50, .82910034",
        "144, 80, .49391179",
        "144, 100, .26061844",
        "144, 143, .00014827",
        "531, 1, .01851852",
        "531, 53, .98148148",
        "531, 54, 1",
        "531, 300, .47531199",
        "531, 530, 1.084e-05"
    })
    void cosineOfTheStudy(long total, long step, double factor) {
        assertEquals(factor, Schedule.DEFAULT.factor(step, total), 5e-9);
    }

    /** By hand: 10 steps, 2 of warm-up. */
    @ParameterizedTest
    @CsvSource({
        "LINEAR, 0, 0, 0",
        "LINEAR, 0, 1, .5",
        "LINEAR, 0, 2, 1",
        "LINEAR, 0, 6, .5",
        "LINEAR, 0, 9, .125",
        "LINEAR, .2, 6, .6",
        "CONSTANT, 0, 1, .5",
        "CONSTANT, 0, 9, 1",
        "COSINE, .2, 6, .6",
        "WSD, 0, 1, .5",
        "WSD, 0, 6, 1",
        "WSD, 0, 8, .6666666666666667",
        "WSD, .1, 9, .4"
    })
    void otherKinds(Schedule.Kind kind, double minimum, long step, double factor) {
        assertEquals(factor, new Schedule(kind, 2, minimum, 0.3).factor(step, 10), 1e-12);
    }

    @Test
    void badSettingsAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Schedule(Schedule.Kind.WSD, Double.NaN, 0, 0.1));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Schedule(Schedule.Kind.COSINE, 0.1, 2, 0.1));
    }
}
