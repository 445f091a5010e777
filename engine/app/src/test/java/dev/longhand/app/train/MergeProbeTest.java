package dev.longhand.app.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.training.data.Demonstration;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

/** The comparison of an adapter with the merged weights at the end of a run. */
class MergeProbeTest {
    private static final Path BASE = Goldens.checkpoint("dim32-group5-f32");

    private static String line(EngineConfig base) throws InterruptedException {
        Demonstration demonstration =
                new Demonstration("test", new int[] {3, 5, 7, 9}, new int[] {2, 4}, true);
        return MergeProbe.line(base, BASE.resolve("adapters/r256"), demonstration);
    }

    @Test
    void mergedWeightsAnswerAlike() throws InterruptedException {
        TestDevices.require(Device.CPU);
        String line = line(EngineConfig.of(BASE).withDevice(Device.CPU));
        assertTrue(
                line.matches(".* within \\d\\.\\de-0[5-9], 16 of 16 greedy .*|.* 0\\.0e\\+00.*"),
                line);
    }

    @Test
    void aQuantisedBaseIsNotProbed() throws InterruptedException {
        TestDevices.require(Device.CPU);
        String line = line(EngineConfig.of(BASE).withDevice(Device.CPU).withWeights(DType.INT8));
        assertTrue(line.startsWith("not probed: the weights are quantised"), line);
    }
}
