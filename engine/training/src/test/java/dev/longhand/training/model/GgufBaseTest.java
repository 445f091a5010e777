package dev.longhand.training.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.training.AdapterInitializer;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;

/** GGUF models as the frozen base of an adapter. */
class GgufBaseTest {
    private static Path model(String name) {
        return Goldens.FOLDER.resolve("gguf").resolve(name);
    }

    private static TrainableDecoder open(String name, TrainingMethod method) {
        return TrainableDecoder.open(
                model(name), new DecoderOptions(method, null, Device.CPU, 1, false));
    }

    /** A new adapter changes nothing: the loss is that of transformers on the same weights. */
    @ParameterizedTest
    @ValueSource(strings = {"mixed", "llama", "qwen3"})
    void anAdapterIsTrainedOverIt(String name) {
        LoraSettings lora = new LoraSettings(2, 4, false, EnumSet.allOf(Projection.class), 0);
        try (TrainableDecoder model = open(name, lora)) {
            AdapterInitializer.random(model, 1);
            for (Goldens.Case golden : Goldens.cases(model(name))) {
                int prompt = golden.prompt().size();
                int[] ids =
                        IntStream.concat(
                                        golden.prompt().stream().mapToInt(id -> id),
                                        golden.ids().stream().mapToInt(id -> id))
                                .toArray();
                int[] labels = ids.clone();
                Arrays.fill(labels, 0, prompt, TrainingSequence.NO_LABEL);
                double expected = 0;
                for (int step = 0; step < golden.ids().size(); step++) {
                    expected -= golden.logprobs().get(step).get(0).get(1).asDouble();
                }
                double loss =
                        model.addGradients(List.of(new TrainingSequence(ids, labels, 1, 0)))[0];
                assertEquals(expected, loss, 1e-4 * expected, name);
            }
            assertTrue(model.gradientSquares() > 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixed", "dense"})
    void itsOwnWeightsAreNot(String name) {
        String message =
                assertThrows(InputException.class, () -> open(name, new FullSettings(false)))
                        .getMessage();
        assertTrue(
                message.endsWith("train an adapter, or all weights of a folder of safetensors"),
                message);
    }
}
