package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Adapters on the CUDA path: bits in any company, recorded steps, memory, and weights put back. */
class CudaLoraTest {
    private static final List<Integer> OUTPUTS = List.of(48, 20, 36);

    /** Ranks of q, k, v of each adapter. */
    private static final int[][] RANKS = {{8, 0, 8}, {64, 64, 64}, {0, 5, 33}, {256, 40, 1}};

    private final Arena arena = Arena.ofShared();
    private PtxDevice device;
    private CudaBackend backend;

    @BeforeEach
    void open() {
        device = TestBackends.ptxDevice();
        device.clear();
        device.seed(20_261_124);
        backend = new CudaBackend(device.library(), 0);
    }

    @AfterEach
    void close() {
        backend.close();
        arena.close();
        assertEquals(List.of(), device.findings());
        assertEquals(0, device.live());
    }

    /**
     * Rows and the adapter of each.
     *
     * @param adapters null is none
     */
    private record Company(List<@Nullable LoraAdapter> adapters) implements Rows {
        @Override
        public int rows() {
            return adapters.size();
        }

        @Override
        public @Nullable LoraAdapter adapter(int row) {
            return adapters.get(row);
        }
    }

    private HostTensor random(long seed, DType dtype, int rows, int width) {
        Random random = new Random(seed);
        HostTensor tensor = HostTensor.allocate(arena, dtype, Shape.of(rows, width));
        for (int i = 0; i < rows * width; i++) {
            float value = (float) random.nextGaussian() / (float) Math.sqrt(width);
            if (dtype == DType.BF16) {
                tensor.data().setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.bits(value));
            } else {
                tensor.set(i, value);
            }
        }
        return tensor;
    }

    private List<LinearMatrix> matrices(int inputs, List<Integer> outputs) {
        return outputs.stream()
                .map(
                        count ->
                                new LinearMatrix(
                                        backend.place(random(count, DType.BF16, count, inputs)),
                                        null))
                .toList();
    }

    private LoraAdapter adapter(Linear linear, int... ranks) {
        Map<Integer, LoraMatrix> changes = new HashMap<>();
        for (int m = 0; m < linear.matrices().size(); m++) {
            int rank = ranks[m];
            if (rank > 0) {
                int outputs = linear.matrices().get(m).outputs();
                changes.put(
                        m,
                        new LoraMatrix(
                                random(rank, DType.BF16, rank, linear.inputs()),
                                random(rank + 1L, DType.BF16, outputs, rank),
                                1.5f));
            }
        }
        return backend.adapter(List.of(new LoraDelta(linear, changes)));
    }

    private Norm norm(int inputs) {
        HostTensor weight = HostTensor.allocate(arena, DType.F32, Shape.of(inputs));
        for (int i = 0; i < inputs; i++) {
            weight.set(i, 0.5f + i % 7);
        }
        return new Norm(backend.place(weight), 1e-6f);
    }

    private float[] read(Tensor tensor, int row) {
        float[] values = new float[Math.toIntExact(tensor.shape().width())];
        backend.read(tensor, row, values);
        return values;
    }

    /** 8, 16 and 70 rows take three kernels, alone a row takes the first. */
    @ParameterizedTest(name = "{0} rows of {1} inputs, gated {2}")
    @CsvSource({
        "8, 288, false", "16, 288, false", "70, 288, false", "70, 77, false",
        "8, 288, true", "16, 288, true", "70, 288, true", "9, 77, true"
    })
    void aRowHasTheBitsThatItHasAlone(int rows, int inputs, boolean gated) {
        Linear linear = gated ? gateUp(inputs) : backend.linear(matrices(inputs, OUTPUTS));
        LoraAdapter[] loaded = new LoraAdapter[RANKS.length];
        Arrays.setAll(loaded, i -> adapter(linear, RANKS[i]));
        @Nullable LoraAdapter[] chosen = new @Nullable LoraAdapter[rows];
        Arrays.setAll(chosen, row -> row * 7 % 5 == 4 ? null : loaded[row * 7 % 5]);
        HostTensor x = random(1, DType.F32, rows, inputs);
        Norm norm = norm(inputs);
        Tensor all = apply(linear, x, norm, new Company(Arrays.asList(chosen)));
        for (int row = 0; row < rows; row += rows > 16 ? 5 : 1) {
            HostTensor own =
                    new HostTensor(
                            DType.F32,
                            Shape.of(1, inputs),
                            x.data().asSlice(4L * row * inputs, 4L * inputs));
            @Nullable LoraAdapter[] itself = {chosen[row]};
            Tensor alone = apply(linear, own, norm, new Company(Arrays.asList(itself)));
            assertArrayEquals(read(alone, 0), read(all, row), "row " + row);
            if (chosen[row] != null) {
                Tensor plain = apply(linear, own, norm, Rows.of(1));
                assertFalse(Arrays.equals(read(plain, 0), read(all, row)), "row " + row);
            }
        }
    }

    private Linear gateUp(int inputs) {
        List<LinearMatrix> pair = matrices(inputs, List.of(90, 90));
        return backend.gatedLinear(pair.getFirst(), pair.getLast());
    }

    private Tensor apply(Linear linear, HostTensor x, Norm norm, Rows rows) {
        Tensor placed = backend.place(x);
        boolean gated = ((CudaLinear) linear).gated();
        Tensor out =
                backend.allocate(
                        DType.F32, Shape.of(rows.rows(), linear.outputs() / (gated ? 2 : 1)));
        if (gated) {
            Tensor both = backend.allocate(DType.F32, Shape.of(rows.rows(), linear.outputs()));
            backend.applyGated(linear, placed, norm, Activation.SILU, placed, both, out, rows);
        } else {
            backend.applyNormed(linear, placed, norm, placed, out, rows);
        }
        return out;
    }

    @Test
    void theLastAdapterLeavesNothing() {
        Linear linear = backend.linear(matrices(288, OUTPUTS));
        HostTensor x = random(1, DType.F32, 20, 288);
        Norm norm = norm(288);
        Tensor before = apply(linear, x, norm, Rows.of(20));
        Tensor out = backend.allocate(DType.F32, before.shape());
        Tensor placed = backend.place(x);
        backend.applyNormed(linear, placed, norm, placed, out, Rows.of(20));
        long baseline = backend.freeBytes().orElseThrow();
        for (int[] ranks : RANKS) {
            LoraAdapter first = adapter(linear, 16, 16, 16);
            LoraAdapter adapter = adapter(linear, ranks);
            long taken = baseline - backend.freeBytes().orElseThrow();
            assertTrue(taken >= first.bytes() + adapter.bytes(), taken + " bytes");
            @Nullable LoraAdapter[] rows = new @Nullable LoraAdapter[20];
            Arrays.fill(rows, 3, 18, adapter);
            Company company = new Company(Arrays.asList(rows));
            backend.applyNormed(linear, placed, norm, placed, out, company);
            first.close();
            adapter.close();
            adapter.close();
            assertThrows(
                    IllegalStateException.class,
                    () -> backend.applyNormed(linear, placed, norm, placed, out, company));
            assertEquals(baseline, backend.freeBytes().orElseThrow());
        }
        backend.applyNormed(linear, placed, norm, placed, out, Rows.of(20));
        for (int row = 0; row < 20; row++) {
            assertArrayEquals(read(before, row), read(out, row));
        }
    }

    /** One recording serves every adapter, and none of them serves a step without. */
    @Test
    void aRecordedStepFollowsItsRowsAdapters() {
        Linear linear = backend.linear(matrices(288, OUTPUTS));
        Norm norm = norm(288);
        HostTensor x = random(1, DType.F32, 2, 288);
        Tensor placed = backend.place(x);
        Tensor out = backend.allocate(DType.F32, Shape.of(2, linear.outputs()));
        KvShape shape = new KvShape(1, 2, 1, 32, DType.BF16);
        try (KvCache kv = backend.allocateKv(shape);
                StepBatch batch = backend.allocateBatch(4, 2, 1)) {
            int replayed = 0;
            for (int step = 0; step < 14; step++) {
                // two adapters at a time; every fourth step has none
                try (LoraAdapter one = adapter(linear, RANKS[step % 4]);
                        LoraAdapter two = adapter(linear, RANKS[(step + 1) % 4])) {
                    boolean none = step % 4 == 3;
                    @Nullable LoraAdapter[] rows = {none ? null : one, step % 3 == 0 ? null : two};
                    rows[1] = none ? null : rows[1];
                    batch.clear();
                    for (int row = 0; row < 2; row++) {
                        batch.add(0, step, row);
                        batch.setAdapter(row, rows[row]);
                    }
                    Tensor expected = apply(linear, x, norm, new Company(Arrays.asList(rows)));
                    if (backend.replayStep(batch, kv)) {
                        replayed++;
                    } else {
                        backend.applyNormed(linear, placed, norm, placed, out, batch);
                        backend.endStep(batch, kv);
                    }
                    for (int row = 0; row < 2; row++) {
                        assertArrayEquals(read(expected, row), read(out, row), "step " + step);
                    }
                }
                if (step % 4 != 3) { // its rows still name what is closed now
                    assertThrows(IllegalStateException.class, () -> backend.replayStep(batch, kv));
                }
            }
            assertEquals(10, replayed); // of each kind the first runs and the second is recorded
        }
    }

    /** An adapter that changes what none did before needs more launches than were recorded. */
    @Test
    void aRecordingOfFewerLaunchesIsNotReplayed() {
        Linear first = backend.linear(matrices(288, OUTPUTS));
        Linear second = backend.linear(matrices(288, OUTPUTS));
        Norm norm = norm(288);
        HostTensor x = random(1, DType.F32, 1, 288);
        Tensor placed = backend.place(x);
        Tensor one = backend.allocate(DType.F32, Shape.of(1, first.outputs()));
        Tensor two = backend.allocate(DType.F32, Shape.of(1, second.outputs()));
        LoraAdapter[] adapters = {adapter(first, 8, 8, 8), null};
        try (KvCache kv = backend.allocateKv(new KvShape(1, 1, 1, 32, DType.BF16));
                StepBatch batch = backend.allocateBatch(1, 1, 1)) {
            for (int step = 0; step < 8; step++) {
                if (step == 4) {
                    adapters[1] = adapter(second, 16, 16, 16);
                }
                LoraAdapter adapter = adapters[step / 4];
                batch.clear();
                batch.add(0, step, 0);
                batch.setAdapter(0, adapter);
                if (!backend.replayStep(batch, kv)) {
                    backend.applyNormed(first, placed, norm, placed, one, batch);
                    backend.applyNormed(second, placed, norm, placed, two, batch);
                    backend.endStep(batch, kv);
                }
                Company itself = new Company(List.of(adapter));
                assertArrayEquals(
                        read(apply(first, x, norm, itself), 0), read(one, 0), "step " + step);
                assertArrayEquals(
                        read(apply(second, x, norm, itself), 0), read(two, 0), "step " + step);
            }
        }
    }

    @ParameterizedTest(name = "gated {0}")
    @CsvSource({"false", "true"})
    void weightsComeBackToTheBit(boolean gated) {
        Linear linear = gated ? gateUp(77) : backend.linear(matrices(77, OUTPUTS));
        List<HostTensor> pristine =
                linear.matrices().stream()
                        .map(matrix -> ((WeightTensor) matrix.weights()).source())
                        .toList();
        List<HostTensor> others =
                pristine.stream()
                        .map(matrix -> random(99, DType.BF16, (int) matrix.shape().rows(), 77))
                        .toList();
        HostTensor x = random(1, DType.F32, 3, 77);
        Norm norm = norm(77);
        float[] before = read(apply(linear, x, norm, Rows.of(3)), 1);
        backend.reload(linear, others);
        float[] changed = read(apply(linear, x, norm, Rows.of(3)), 1);
        assertFalse(Arrays.equals(before, changed));
        List<LinearMatrix> fresh =
                others.stream()
                        .map(matrix -> new LinearMatrix(backend.place(matrix), null))
                        .toList();
        Linear same =
                gated
                        ? backend.gatedLinear(fresh.getFirst(), fresh.getLast())
                        : backend.linear(fresh);
        assertArrayEquals(read(apply(same, x, norm, Rows.of(3)), 1), changed);
        backend.reload(linear, pristine);
        assertArrayEquals(before, read(apply(linear, x, norm, Rows.of(3)), 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> backend.reload(linear, List.of(random(1, DType.BF16, 3, 77))));
    }
}
