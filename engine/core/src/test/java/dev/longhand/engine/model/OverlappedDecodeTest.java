package dev.longhand.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;

/**
 * A prompt and decode steps with overlapping launches, on the PTX device of compute capability 9.0,
 * produce the bits of 8.0, where launches do not overlap. The first decode step runs plainly, the
 * second is recorded, the others replay it. No kernel accesses memory before it has waited for the
 * kernels launched earlier.
 */
class OverlappedDecodeTest {
    private static final int PROMPT = 40;
    private static final int STEPS = 4;

    @AfterEach
    void forgetTheDevice() {
        System.clearProperty(PtxDevice.ORDINAL_PROPERTY);
    }

    @ParameterizedTest
    @CsvSource({"dim64-group7-tied,", "dim64-group7-tied, INT4"})
    void isTheSame(String checkpoint, @Nullable DType weights) {
        TestDevices.require(TestDevices.PTX);
        TestDevices.ptx().clear();
        TestDevices.ptx().seed(0);
        List<float[]> inOrder = logits(0, checkpoint, weights);
        List<float[]> overlapped = logits(1, checkpoint, weights);
        assertEquals(1 + STEPS, inOrder.size());
        for (int step = 0; step < inOrder.size(); step++) {
            assertArrayEquals(inOrder.get(step), overlapped.get(step), "step " + step);
        }
        assertEquals(List.of(), TestDevices.ptx().findings());
    }

    private static List<float[]> logits(int device, String checkpoint, @Nullable DType weights) {
        System.setProperty(PtxDevice.ORDINAL_PROPERTY, Integer.toString(device));
        List<float[]> logits = new ArrayList<>();
        try (StepRunner runner =
                new StepRunner(
                        Goldens.checkpoint(checkpoint),
                        TestDevices.PTX,
                        weights,
                        null,
                        1,
                        64,
                        64)) {
            runner.takePages(1);
            runner.step(new int[PROMPT], 0, PROMPT);
            logits.add(runner.logits(0));
            SamplerState sampler =
                    new SamplerState(
                            new SamplingParams(0, 0, 1, 0, 1, 0, 1, 0), runner.vocabulary());
            for (int step = 0; step < STEPS; step++) {
                runner.sample(sampler, PROMPT + step);
                logits.add(runner.logits(0));
            }
        }
        return logits;
    }
}
