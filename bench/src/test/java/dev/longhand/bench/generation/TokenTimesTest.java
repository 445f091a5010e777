package dev.longhand.bench.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bench.kernels.MemoryBandwidth;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.report.Metric;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.status.MemoryPlan;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Rates, percentiles and bytes of made-up times. */
class TokenTimesTest {
    private static final StepBytes BYTES = new StepBytes(900, 100, 10);

    @TempDir private Path folder;

    /** The first token after 50 ms, then nine after 10 ms each and ten after 20 ms. */
    private static TokenTimes times(int batch) {
        long[] times = new long[20];
        for (int i = 0; i < times.length; i++) {
            times[i] = 50_000_000L + 10_000_000L * (Math.min(i, 9) + 2 * Math.max(0, i - 9));
        }
        return new TokenTimes(0, times, 100, batch);
    }

    @Test
    void figuresOfTheWhole() {
        Map<Metric, Double> metrics = times(1).metrics(10, BYTES, OptionalDouble.of(1e6));
        assertEquals(50, metrics.get(TokenTimes.TTFT), 1e-9);
        assertEquals(19 / 0.29, metrics.get(TokenTimes.TOKENS_PER_SECOND), 1e-9);
        assertEquals(100, metrics.get(TokenTimes.FIRST_WINDOW), 1e-9);
        assertEquals(50, metrics.get(TokenTimes.LAST_WINDOW), 1e-9);
        assertEquals(20, metrics.get(TokenTimes.P50), 1e-9);
        assertEquals(20, metrics.get(TokenTimes.P99), 1e-9);
        // Steps see 101 to 119 positions.
        assertEquals((1000 + 1100) / 1e6, metrics.get(TokenTimes.BYTES_PER_TOKEN), 1e-12);
        assertEquals(100 * 19 / 0.29 * 2100 / 1e6, metrics.get(TokenTimes.OF_BANDWIDTH), 1e-9);
    }

    @Test
    void percentiles() {
        long[] tokens = {1, 3, 6, 10}; // pauses of 2, 3 and 4
        TokenTimes times = new TokenTimes(0, tokens, 1, 1);
        Map<Metric, Double> metrics = times.metrics(2, BYTES, OptionalDouble.empty());
        assertEquals(3e-6, metrics.get(TokenTimes.P50), 1e-12);
        assertEquals(4e-6, metrics.get(TokenTimes.P99), 1e-12);
    }

    @Test
    void figuresOfWindows() {
        Map<Metric, List<Double>> series = times(8).series(10, BYTES, OptionalDouble.empty());
        assertEquals(List.of(110.0, 120.0), series.get(TokenTimes.POSITION));
        assertEquals(800, series.get(TokenTimes.TOKENS_PER_SECOND).getFirst(), 1e-9);
        assertEquals(400, series.get(TokenTimes.TOKENS_PER_SECOND).getLast(), 1e-9);
        double weights = 1000 / 8.0;
        List<Double> bytes = series.get(TokenTimes.BYTES_PER_TOKEN);
        assertEquals((weights + 1050) / 1e6, bytes.getFirst(), 1e-12);
        assertEquals((weights + 1145) / 1e6, bytes.getLast(), 1e-12);
        assertFalse(series.containsKey(TokenTimes.OF_BANDWIDTH));
        assertEquals(
                2,
                times(1).series(9, BYTES, OptionalDouble.empty())
                        .get(TokenTimes.TOKENS_PER_SECOND)
                        .size());
    }

    @Test
    void bytesOfAPlan() {
        Path model =
                new ModelChoice("", "tiny", folder.toString(), Device.AUTO, 0, DType.BF16, null)
                        .folder();
        ModelConfig config = ModelConfig.read(model);
        // Two pages of 64 positions: one for 64 tokens, one more for the second sequence.
        MemoryPlan plan = new MemoryPlan(1_000_000, 128 * 1024, 64, 0, 0, null, 1L << 30);
        assertEquals(
                new StepBytes(1_000_000, 7, 1024), StepBytes.of(plan, config, DType.BF16, 2, 7));
        MemoryPlan large = new MemoryPlan(50_000_000, 128 * 1024, 64, 0, 0, null, 1L << 30);
        assertEquals(
                50_000_000 - 2 * 128 * 151_936,
                StepBytes.of(large, config, DType.INT8, 2, 7).weights());
    }

    @Test
    void memoryIsReadAtAPlausibleRate() {
        try (MemoryBandwidth memory = new MemoryBandwidth(2, 64L << 20)) {
            double rate = memory.bytesPerSecond();
            assertTrue(rate > 1e8 && rate < 1e13, rate + " bytes/s");
        }
    }
}
