package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/** Recorded steps of an embedding only: the rows of a table show the tokens that were read. */
class StepGraphsTest {
    private static final int WIDTH = 32;
    private static final int TOKENS = 8;

    private final Arena arena = Arena.ofConfined();
    private Optional<PtxDevice> device = Optional.empty(); // none on a GPU
    private CudaBackend backend;
    private KvCache kv;
    private Tensor table;
    private Tensor out;

    @BeforeEach
    void open(TestInfo test) {
        if (test.getTags().contains("gpu")) {
            TestBackends.requireGpu();
        } else {
            device = Optional.of(TestBackends.ptxDevice());
        }
        device.ifPresent(PtxDevice::clear);
        CudaLibrary library = device.map(PtxDevice::library).orElseGet(CudaLibrary::system);
        backend = new CudaBackend(library, 0);
        kv = backend.allocateKv(new KvShape(1, 2, 1, WIDTH, DType.BF16));
        HostTensor values = HostTensor.allocate(arena, DType.F32, Shape.of(TOKENS, WIDTH));
        for (int i = 0; i < TOKENS * WIDTH; i++) {
            values.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, i / WIDTH);
        }
        table = backend.place(values);
        out = backend.allocate(DType.F32, Shape.of(4, WIDTH));
    }

    @AfterEach
    void close() {
        if (kv == null) {
            return; // skipped
        }
        kv.close();
        backend.close();
        arena.close();
        assertEquals(List.of(), device.map(PtxDevice::findings).orElse(List.of()));
    }

    private StepBatch batch() {
        return backend.allocateBatch(4, 4, 1);
    }

    private static void fill(StepBatch batch, int rows, int token) {
        batch.clear();
        for (int row = 0; row < rows; row++) {
            batch.add(token, 0, row);
        }
    }

    /** Runs a step of rows of one token; returns whether it was replayed. */
    private boolean step(StepBatch batch, int rows, int token) {
        fill(batch, rows, token);
        boolean replayed = backend.replayStep(batch, kv);
        if (!replayed) {
            backend.embed(table, 1, batch, out);
            backend.endStep(batch, kv);
        }
        float[] expected = new float[WIDTH];
        java.util.Arrays.fill(expected, token);
        for (int row = 0; row < rows; row++) {
            float[] read = new float[WIDTH];
            backend.read(out, row, read);
            assertArrayEquals(expected, read, "row " + row);
        }
        return replayed;
    }

    @Tag("gpu")
    @Test
    void theThirdStepIsReplayedOnTheGpu() {
        theThirdStepOfAShapeIsReplayed();
    }

    @Tag("gpu")
    @Test
    void anAbandonedRecordingTakesNothingWithItOnTheGpu() {
        anAbandonedRecordingTakesNothingWithIt();
    }

    @Test
    void theThirdStepOfAShapeIsReplayed() {
        try (StepBatch batch = batch()) {
            assertFalse(step(batch, 2, 1));
            assertFalse(step(batch, 2, 2));
            assertTrue(step(batch, 2, 3));
            assertFalse(step(batch, 3, 4));
            assertTrue(step(batch, 2, 5));
        }
    }

    /** A recording holds the addresses of its batch; another batch has others. */
    @Test
    void anotherBatchHasItsOwnRecordings() {
        try (StepBatch one = batch();
                StepBatch two = batch()) {
            for (int token = 1; token < 4; token++) {
                step(one, 1, token);
            }
            assertFalse(step(two, 1, 5));
            assertFalse(step(two, 1, 6));
            assertTrue(step(two, 1, 7));
            assertTrue(step(one, 1, 2));
        }
    }

    /** What is queued after an abandoned step runs, and the next step of its shape is right. */
    @Test
    void anAbandonedRecordingTakesNothingWithIt() {
        try (StepBatch batch = batch()) {
            step(batch, 1, 1);
            fill(batch, 1, 2);
            assertFalse(backend.replayStep(batch, kv)); // recording
            backend.abandonStep();
            backend.embed(table, 1, batch, out); // would be lost in the recording
            float[] read = new float[WIDTH];
            backend.read(out, 0, read);
            assertEquals(2f, read[0]);
            assertFalse(step(batch, 1, 3));
            assertTrue(step(batch, 1, 4));
        }
    }

    @Test
    void theLeastRecentlyUsedShapeIsForgotten() {
        int shapes = StepGraphs.SHAPES_MAX + 1;
        try (StepBatch batch = backend.allocateBatch(shapes, shapes, 1)) {
            Tensor wide = backend.allocate(DType.F32, Shape.of(shapes, WIDTH));
            out = wide;
            for (int rows = 1; rows <= StepGraphs.SHAPES_MAX; rows++) {
                step(batch, rows, 1);
                step(batch, rows, 2);
            }
            assertTrue(step(batch, 1, 3)); // now the latest used
            assertFalse(step(batch, shapes, 4)); // in place of 2 rows
            assertTrue(step(batch, 1, 5));
            assertTrue(step(batch, 3, 5));
            assertFalse(step(batch, 2, 6));
        }
    }
}
