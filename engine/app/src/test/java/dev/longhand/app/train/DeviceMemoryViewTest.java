package dev.longhand.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.DeviceLayout;
import dev.longhand.training.model.FullSettings;
import dev.longhand.training.model.LoraSettings;
import dev.longhand.training.model.TrainingMethod;
import dev.longhand.training.model.TrainingPlan;

import org.junit.jupiter.api.Test;

/** The plan of a GPU: what each layout takes, which one is chosen, and a refusal with numbers. */
class DeviceMemoryViewTest {
    private static final long MIB = 1 << 20;

    private static final TrainingMethod LORA = LoraSettings.ofRank(4);

    /** Ten layers of 100 MiB, 4 Mi parameters in two tensors, eleven inputs of 10 MiB. */
    private static final TrainingPlan PLAN =
            new TrainingPlan(
                    new TrainingPlan.Frozen(1200 * MIB, 1000 * MIB, 100 * MIB, 0, 10, 50 * MIB),
                    new TrainingPlan.Trained(4 * MIB, 2 * MIB, 64 * MIB),
                    new TrainingPlan.Sequence(210 * MIB, 11, 10 * MIB),
                    0,
                    MIB);

    private static DecoderOptions options(TrainingMethod method, DeviceLayout layout) {
        return new DecoderOptions(method, null, Device.CUDA, 1, true).withLayout(layout);
    }

    @Test
    void everyLayoutIsShownWithItsNumbers() {
        DecoderOptions options = options(LORA, PLAN.layoutFor(1340 * MIB, LORA).orElseThrow());
        assertEquals(
                """
                resident               1,425 MiB of 1,340 MiB of the GPU: 85 MiB too many; 64 MiB of the host
                inputs_on_host         1,335 MiB of 1,340 MiB of the GPU: fits; 164 MiB of the host; chosen
                moments_on_host        1,319 MiB of 1,340 MiB of the GPU: fits; 164 MiB of the host
                streamed                 519 MiB of 1,340 MiB of the GPU: fits; 164 MiB of the host
                """,
                DeviceMemoryView.table(PLAN, options, 1340 * MIB));
    }

    @Test
    void trainedWeightsAreNotStreamed() {
        FullSettings full = new FullSettings(false);
        assertEquals(DeviceLayout.STREAMED, PLAN.layoutFor(519 * MIB, LORA).orElseThrow());
        assertTrue(PLAN.layoutFor(518 * MIB, LORA).isEmpty());
        assertTrue(PLAN.layoutFor(519 * MIB, full).isEmpty());
        String table =
                DeviceMemoryView.table(PLAN, options(full, DeviceLayout.RESIDENT), 2000 * MIB);
        assertEquals(3, table.lines().count());
    }

    @Test
    void aRunThatDoesNotFitIsRefusedWithNumbers() {
        DecoderOptions options = options(LORA, DeviceLayout.STREAMED);
        InputException refusal =
                assertThrows(
                        InputException.class,
                        () -> DeviceMemoryView.require(PLAN, options, "row 3", 400 * MIB));
        assertTrue(
                refusal.getMessage()
                        .startsWith(
                                "the run takes 519 MiB of the GPU with the layout streamed; 400 MiB"
                                        + " can be used, and the longest demonstration is row 3"),
                refusal.getMessage());
    }
}
