package dev.longhand.training.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.training.AdapterInitializer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** An adapter on a quantised base learns what it learns on the base's values in F32. */
class QuantizedBaseTest {
    private static final LoraSettings LORA =
            new LoraSettings(8, 16, false, EnumSet.allOf(Projection.class), 0);

    private record Step(double loss, double norm, float[] masters) {}

    private static Step step(Path base, @Nullable DType weights, Widened widened) {
        DecoderOptions options = new DecoderOptions(LORA, weights, Device.CPU, 2, true);
        try (TrainableDecoder model = TrainableDecoder.open(base, options, widened::of)) {
            AdapterInitializer.random(model, 3);
            int[] ids = new Random(4).ints(40, 0, model.config().vocabSize()).toArray();
            double loss = 0;
            double norm = 0;
            for (int count = 1; count <= 2; count++) {
                model.clearGradients();
                loss = model.addGradients(List.of(new TrainingSequence(ids, ids, 1.0 / 39, 1)))[0];
                norm = Math.sqrt(model.gradientSquares());
                model.update(new AdamWStep(count, 1e-2, 1e-2, 1 / norm, 0.9, 0.999, 1e-8, 0));
            }
            int size = model.tensors().stream().mapToInt(each -> count(each)).sum();
            float[] masters = new float[size];
            int at = 0;
            for (TrainedTensor tensor : model.tensors()) {
                float[] values = tensor.master().toArray(ValueLayout.JAVA_FLOAT);
                System.arraycopy(values, 0, masters, at, values.length);
                at += values.length;
            }
            return new Step(loss, norm, masters);
        }
    }

    private static int count(TrainedTensor tensor) {
        return Math.toIntExact(tensor.shape().elements());
    }

    /**
     * Products read F32 copies of weights of other dtypes, or, switched off, count such products.
     */
    private static final class Widened {
        private final boolean on;
        private final AtomicInteger products = new AtomicInteger();
        private final Map<Long, HostTensor> copies = new HashMap<>();

        Widened(boolean on) {
            this.on = on;
        }

        TrainingBackend of(TrainingBackend backend) {
            return TrainingFaults.changed(
                    TrainingFaults.changed(backend, "linear", this::widen),
                    "linearBackwardInput",
                    this::widen);
        }

        private void widen(Object[] args) {
            HostTensor weights = (HostTensor) args[1];
            if (weights.dtype() == DType.F32) {
                return;
            }
            products.incrementAndGet();
            if (on) {
                args[1] =
                        copies.computeIfAbsent(
                                weights.data().address(), _ -> weights.toF32(Arena.ofAuto()));
            }
        }
    }

    private static Path base(String name) {
        return name.contains("-int") || name.equals("awq")
                ? Goldens.quantized(name)
                : Goldens.checkpoint(name);
    }

    @ParameterizedTest
    @CsvSource({
        "gptq-int4,",
        "gptq-int4-asymmetric,",
        "gptq-int8,",
        "gptq-int8-v2,",
        "awq,",
        "dim64-group3-f16,",
        "dim64-group5,",
        "dim64-group5, INT8",
        "dim64-group5, INT4"
    })
    void learnsAsOnItsValues(String name, @Nullable DType weights) {
        Widened stored = new Widened(false);
        Step actual = step(base(name), weights, stored);
        Step expected = step(base(name), weights, new Widened(true));
        assertTrue(stored.products.get() > 0, "the base is in F32");
        assertEquals(1, actual.loss() / expected.loss(), 1e-6);
        assertEquals(1, actual.norm() / expected.norm(), 1e-5);
        double difference = 0;
        double length = 0;
        for (int i = 0; i < expected.masters().length; i++) {
            difference += Math.pow(actual.masters()[i] - expected.masters()[i], 2);
            length += Math.pow(expected.masters()[i], 2);
        }
        assertTrue(difference <= 1e-8 * length, difference + " of " + length);
    }
}
