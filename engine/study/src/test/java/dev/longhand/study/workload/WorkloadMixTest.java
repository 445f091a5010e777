package dev.longhand.study.workload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/** Traces reproduce the published means and quantiles. */
class WorkloadMixTest {
    private static final int MANY = 5000;

    /** The means of section 4.8, with system text in prompts and truncated outputs included. */
    @ParameterizedTest
    @CsvSource({
        "AIME24_LONG, 357, 15902",
        "AMC23_LONG, 335, 5037",
        "MATH500_LONG, 321, 3972",
        "OLYMPIADBENCH_LONG, 350, 8616",
        "AIME24_SHORT, 357, 687",
        "AMC23_SHORT, 335, 605",
        "MATH500_SHORT, 321, 515",
        "OLYMPIADBENCH_SHORT, 350, 948"
    })
    void means(WorkloadMix mix, double prompt, double output) {
        List<WorkloadMix.Lengths> trace = mix.trace(MANY, 1, 1);
        assertEquals(prompt, trace.stream().mapToInt(x -> x.prompt()).average().orElse(0), 5);
        double mean = trace.stream().mapToInt(x -> x.output()).average().orElse(0);
        assertEquals(output, mean, 0.03 * output);
    }

    /** The published p25, p50 and p75 of greedy runs; for AIME24 the run with the table's mean. */
    @ParameterizedTest
    @CsvSource({
        "AIME24_LONG, 4612, 7384, 32380, 0.10",
        "AMC23_LONG, 1947, 2891, 5244, 0.15",
        "MATH500_SHORT, 306, 415, 562, 0.10",
        "OLYMPIADBENCH_SHORT, 480, 618, 833, 0.15"
    })
    void quantiles(WorkloadMix mix, double p25, double p50, double p75, double tolerance) {
        List<Integer> outputs =
                mix.trace(MANY, 1, 1).stream().map(WorkloadMix.Lengths::output).sorted().toList();
        assertEquals(p25, outputs.get(MANY / 4), tolerance * p25);
        assertEquals(p50, outputs.get(MANY / 2), tolerance * p50);
        assertEquals(p75, outputs.get(MANY * 3 / 4), tolerance * p75);
    }

    @Test
    void scaledAndRepeatable() {
        List<WorkloadMix.Lengths> trace = WorkloadMix.AIME24_LONG.trace(10, 0.01, 5);
        assertEquals(trace, WorkloadMix.AIME24_LONG.trace(10, 0.01, 5));
        assertEquals(4, trace.stream().filter(each -> each.output() == 324).count());
        assertTrue(trace.stream().allMatch(each -> each.prompt() >= 1 && each.prompt() <= 15));
    }

    @Test
    void wrongParameters() {
        assertThrows(InputException.class, () -> WorkloadMix.AIME24_LONG.trace(0, 1, 1));
        for (double scale : new double[] {0, -1, 1.5, Double.NaN}) {
            assertThrows(InputException.class, () -> WorkloadMix.AIME24_LONG.trace(1, scale, 1));
        }
    }
}
