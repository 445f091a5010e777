package dev.longhand.kernels.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The kernels of training touch every byte that their op needs, and no other. */
class TrainingTrafficTest {
    private static final int ROWS = 128;
    private static final int WIDTH = 64;
    private static final long ELEMENTS = (long) ROWS * WIDTH;
    private static final int SECTOR_BYTES = 32;

    private final PtxDevice device = TestBackends.ptxDevice();

    @Test
    void bytesAreThoseOfTheFloor() {
        try (TrainingBackend backend =
                        BackendChoice.training(Device.of("ptx"), 1, DType.BF16, false);
                TensorArena arena = backend.arena()) {
            Tensor a = arena.allocate(DType.F32, Shape.of(ROWS, WIDTH));
            Tensor b = arena.allocate(DType.F32, Shape.of(ROWS, WIDTH));
            Tensor c = arena.allocate(DType.F32, Shape.of(ROWS, WIDTH));
            Tensor d = arena.allocate(DType.F32, Shape.of(ROWS, WIDTH));
            Tensor copy = arena.allocate(DType.BF16, Shape.of(ROWS, WIDTH));
            Tensor table = arena.allocate(DType.F32, Shape.of(ROWS, 16));
            Tensor square = arena.allocate(DType.F32, Shape.of(ROWS, ROWS));
            device.clear();

            backend.swiGluBackward(a, b, Activation.SILU, c);
            assertTraffic(backend, a, "swiglu_backward", 12 * ELEMENTS, 12 * ELEMENTS);
            backend.update(new AdamW(1, 0, 1, 0.9, 0.999, 1e-8, 0), a, b, c, d, copy);
            assertTraffic(backend, a, "adamw", 16 * ELEMENTS, 14 * ELEMENTS);
            backend.rotate(a, table, true);
            assertTraffic(backend, a, "rope_rotate", 4 * ELEMENTS + 64 * ROWS, 4 * ELEMENTS);
            backend.linear(a, copy, null, 1, square, false);
            assertTraffic(backend, a, "linear_forward_bf16", 6 * ELEMENTS, 4L * ROWS * ROWS);
            backend.linearBackwardInput(square, copy, 1, b, false);
            long gradient = 4L * ROWS * ROWS;
            assertTraffic(
                    backend,
                    a,
                    "linear_backward_input_bf16",
                    gradient + 2 * ELEMENTS,
                    4 * ELEMENTS);
            backend.linearBackwardWeight(square, a, b);
            long accumulated = 4 * ELEMENTS;
            assertTraffic(
                    backend,
                    a,
                    "linear_backward_weight",
                    gradient + 4 * ELEMENTS + accumulated,
                    accumulated);
        }
    }

    private void assertTraffic(
            TrainingBackend backend, Tensor any, String kernel, long read, long written) {
        try (Arena arena = Arena.ofConfined()) {
            HostTensor waited = HostTensor.allocate(arena, DType.F32, any.shape());
            backend.read(any, waited); // ends when the kernels before it have ended
        }
        Matcher counters =
                Pattern.compile("\\{[^{}]*\"" + kernel + "\"[^{}]*}")
                        .matcher(device.countersJson());
        if (!counters.find()) {
            throw new AssertionError(kernel + " did not run: " + device.countersJson());
        }
        assertEquals(read, bytes(counters.group(), "uniqueReadSectors"), kernel);
        assertEquals(written, bytes(counters.group(), "uniqueWrittenSectors"), kernel);
    }

    private static long bytes(String counters, String name) {
        Matcher value = Pattern.compile("\"" + name + "\": ?(\\d+)").matcher(counters);
        if (!value.find()) {
            throw new AssertionError("no " + name + " in " + counters);
        }
        return SECTOR_BYTES * Long.parseLong(value.group(1));
    }
}
