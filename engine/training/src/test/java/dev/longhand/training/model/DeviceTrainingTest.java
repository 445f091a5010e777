package dev.longhand.training.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.training.AdapterInitializer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A step of training on the PTX device beside one on the CPU in F32, and beside one on the CPU that
 * rounds the operands of products and of attention to BF16, which is how far BF16 operands take any
 * implementation. The device's errors are at most twice as large. Its bits are the same in any
 * order of blocks and warps, with recomputation and without, and in every layout of its memory; it
 * finds nothing.
 */
class DeviceTrainingTest {
    private static final Device PTX = TestDevices.PTX;
    private static final Path BASE = Goldens.checkpoint("dim64-group5");
    private static final int[] IDS = {3, 1, 4, 1, 5};
    private static final int SEQUENCES = 2;
    private static final int STEPS = 2;

    /** The operands that become BF16, by their places among the arguments. */
    private static final Map<String, List<Integer>> OPERANDS =
            Map.of(
                    "linear", List.of(0, 1),
                    "linearBackwardInput", List.of(0, 1),
                    "linearBackwardWeight", List.of(0, 1),
                    "attention", List.of(1, 2, 3),
                    "attentionBackward", List.of(1, 2, 3, 6));

    private PtxDevice device;

    /** The loss, gradients and updated masters of one step. */
    private record Step(double loss, double norm, List<float[]> gradients, List<float[]> masters) {}

    @BeforeEach
    void requireDevice() {
        TestDevices.require(PTX);
        device = TestDevices.ptx();
    }

    @AfterEach
    void ascendingOrder() {
        device.seed(0);
    }

    @ParameterizedTest
    @CsvSource({"lora-all, 2", "full-tied, 1"})
    void stepEqualsTheCpusWithinTheErrorOfBf16(String name, int sequences) {
        GoldenRun run = new GoldenRun(name);
        GoldenRun.Settings settings = run.settings();
        device.clear();
        Step ptx = step(run, settings.withDevice(PTX), sequences);
        Step exact = step(run, settings, sequences);
        Step rounded =
                step(run, settings.withBackend(DeviceTrainingTest::roundingOperands), sequences);
        double allowed = 2 * distance(rounded.gradients, exact.gradients);
        double error = distance(ptx.gradients, exact.gradients);
        assertTrue(error > 0 && error <= allowed, "gradients: %g of %g".formatted(error, allowed));
        assertEquals(exact.loss, ptx.loss, 5e-3 * exact.loss);
        assertEquals(exact.norm, ptx.norm, 2e-2 * exact.norm);

        device.seed(42);
        boolean recompute = !settings.recompute();
        Step other = step(run, settings.withDevice(PTX).withRecompute(recompute), sequences);
        assertEquals(ptx.loss, other.loss);
        assertEquals(ptx.norm, other.norm);
        for (int i = 0; i < ptx.masters.size(); i++) {
            assertArrayEquals(ptx.gradients.get(i), other.gradients.get(i));
            assertArrayEquals(ptx.masters.get(i), other.masters.get(i));
        }
        assertEquals(List.of(), device.findings());
        assertEquals(0, device.live());
    }

    /**
     * Three layers in the memory of two: each of the seven passes after the first finds two of them
     * and copies one again, in quantised form.
     */
    @Test
    void streamedLayersChangeNoBit() {
        List<float[]> resident = updated(DeviceLayout.MOMENTS_ON_HOST, 0);
        long copied = device.bytesToDevice();
        List<float[]> streamed = updated(DeviceLayout.STREAMED, 42);
        long copiedAgain = device.bytesToDevice();
        for (int i = 0; i < resident.size(); i++) {
            assertArrayEquals(resident.get(i), streamed.get(i));
        }
        assertEquals(List.of(), device.findings());
        long layer =
                ModelConfig.read(BASE).layout().layers().getFirst().linears().values().stream()
                        .mapToLong(each -> DType.INT8.bytes(each.shape()))
                        .sum();
        assertEquals(copied + 7 * layer, copiedAgain);
    }

    /**
     * The inputs of three layers pass through the memory of two: each is copied back once a pass.
     * Both moments come for each update, and not at the beginning.
     */
    @Test
    void memoryOnTheHostChangesNoBit() {
        List<float[]> expected = updated(DeviceLayout.RESIDENT, 0);
        long copied = device.bytesToDevice();
        List<float[]> inputs = updated(DeviceLayout.INPUTS_ON_HOST, 0);
        long withInputs = device.bytesToDevice();
        List<float[]> moments = updated(DeviceLayout.MOMENTS_ON_HOST, 42);
        long withMoments = device.bytesToDevice();
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), inputs.get(i));
            assertArrayEquals(expected.get(i), moments.get(i));
        }
        assertEquals(List.of(), device.findings());
        ModelConfig model = ModelConfig.read(BASE);
        long restored = (long) model.layers() * IDS.length * model.hiddenSize() * Float.BYTES;
        assertEquals(copied + SEQUENCES * STEPS * restored, withInputs);
        long moment = expected.stream().mapToLong(each -> 4L * each.length).sum();
        assertEquals(withInputs + 2 * (STEPS - 1) * moment, withMoments);
    }

    /** Returns the masters after two steps of two sequences, over int8 weights. */
    private List<float[]> updated(DeviceLayout layout, long order) {
        device.clear();
        device.seed(order);
        Set<Projection> all = EnumSet.allOf(Projection.class);
        DecoderOptions options =
                new DecoderOptions(
                        new LoraSettings(4, 8, false, all, 0),
                        DType.INT8,
                        PTX,
                        layout,
                        1,
                        DType.F32,
                        true);
        TrainingSequence sequence = new TrainingSequence(IDS, IDS, 0.25, 1);
        try (TrainableDecoder model = TrainableDecoder.open(BASE, options)) {
            AdapterInitializer.random(model, 3);
            for (int step = 1; step <= STEPS; step++) {
                model.clearGradients();
                model.addGradients(Collections.nCopies(SEQUENCES, sequence));
                model.update(new AdamWStep(step, 1e-2, 1e-2, 1, 0.9, 0.999, 1e-8, 0));
            }
            return model.tensors().stream().map(each -> floats(each.master())).toList();
        }
    }

    private static Step step(GoldenRun run, GoldenRun.Settings settings, int sequences) {
        try (TrainableDecoder model = run.open(settings)) {
            model.clearGradients();
            List<TrainingSequence> batch = run.sequences(0).subList(0, sequences);
            double loss = Arrays.stream(model.addGradients(batch)).sum();
            double norm = Math.sqrt(model.gradientSquares());
            List<float[]> gradients =
                    model.tensors().stream().map(each -> floats(each.gradient())).toList();
            model.update(run.step(1, norm));
            return new Step(
                    loss,
                    norm,
                    gradients,
                    model.tensors().stream().map(each -> floats(each.master())).toList());
        }
    }

    private static float[] floats(MemorySegment values) {
        return values.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** The length of a difference over the length of what it should be. */
    private static double distance(List<float[]> actual, List<float[]> expected) {
        double difference = 0;
        double length = 0;
        for (int t = 0; t < expected.size(); t++) {
            for (int i = 0; i < expected.get(t).length; i++) {
                difference += Math.pow((double) actual.get(t)[i] - expected.get(t)[i], 2);
                length += Math.pow(expected.get(t)[i], 2);
            }
        }
        return Math.sqrt(difference / length);
    }

    private static TrainingBackend roundingOperands(TrainingBackend backend) {
        return (TrainingBackend)
                Proxy.newProxyInstance(
                        TrainingBackend.class.getClassLoader(),
                        new Class<?>[] {TrainingBackend.class},
                        (_, method, arguments) -> {
                            try (Arena arena = Arena.ofConfined()) {
                                List<Integer> operands =
                                        OPERANDS.getOrDefault(method.getName(), List.of());
                                Object[] changed = arguments == null ? null : arguments.clone();
                                for (int i : operands) {
                                    changed[i] = rounded(arena, (HostTensor) changed[i]);
                                }
                                return method.invoke(backend, changed);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static HostTensor rounded(Arena arena, HostTensor tensor) {
        if (tensor.dtype() == DType.BF16) {
            return tensor;
        }
        HostTensor rounded = tensor.toF32(arena);
        for (long i = 0; i < rounded.shape().elements(); i++) {
            rounded.set(i, BFloat16.round(rounded.get(i)));
        }
        return rounded;
    }
}
