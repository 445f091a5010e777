package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriverException;
import dev.longhand.bindings.cuda.CudaDriverException.Kind;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.bindings.ptx.PtxDevice.Failure;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.kernels.BackendUnavailableException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A failure on the device ends in one typed error: of the opening, or of the running generations.
 * Nothing hangs, nothing stays allocated on the device, and the next engine works.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CudaFailureTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim64-group7-tied");
    private static final int MODULES = 8;
    private static final int CALLS_SKIPPED = 17;
    private static final int ANY_BEFORE_THE_END = 10_000;

    private PtxDevice device;

    @BeforeEach
    void findDevice() {
        TestDevices.require(TestDevices.PTX);
        device = TestDevices.ptx();
        device.clear();
        assertEquals(0, device.live());
    }

    @AfterEach
    void repairDevice() {
        device.fail(Failure.NONE, 0);
    }

    private static Engine open() {
        return Engine.open(
                EngineConfig.of(CHECKPOINT)
                        .withDevice(TestDevices.PTX)
                        .withContextTokensMax(512)
                        .withKvTokensMax(1024) // two generations advance together
                        .withSequencesMax(2)
                        .withPrefillRowsMax(32));
    }

    private static GenerationRequest request(int tokens) {
        return GenerationRequest.ids(List.of(3, 1, 4, 1, 5)).withMaxTokens(tokens).ignoringEos();
    }

    private static List<Integer> ids() {
        try (Engine engine = open()) {
            return Completion.of(engine, request(6)).ids();
        }
    }

    /**
     * Asserts that the device has no allocations and no findings, and that the next engine works
     * correctly.
     */
    private void assertRecovered(List<Integer> expected) {
        assertEquals(0, device.live());
        assertEquals(List.of(), device.findings());
        assertEquals(expected, ids());
        assertEquals(0, device.live());
    }

    /** Makes openings fail at each call of a kind in turn; returns the number of such calls. */
    private int failOpenings(Failure what, Kind kind) {
        for (int call = 1; ; call++) {
            device.fail(what, call);
            try (Engine engine = open()) {
                device.fail(Failure.NONE, 0);
                assertEquals(6, Completion.of(engine, request(6)).ids().size());
                return call - 1;
            } catch (CudaDriverException e) {
                assertEquals(kind, e.kind(), e.getMessage());
                assertTrue(e.getMessage().contains(e.remedy()), e.getMessage());
            }
            assertEquals(0, device.live(), "after the failure of call " + call);
            device.clear(); // findings may concern the interrupted work
        }
    }

    @Test
    void noMemoryForAnAllocation() {
        List<Integer> expected = ids();
        int allocations = failOpenings(Failure.ALLOCATION, Kind.OUT_OF_MEMORY);
        System.out.printf("%d allocations of an opening failed in turn%n", allocations);
        assertTrue(allocations > 20, "only " + allocations);
        assertRecovered(expected);
    }

    @Test
    void aModuleThatTheDriverRefuses() {
        List<Integer> expected = ids();
        assertTrue(failOpenings(Failure.MODULE_LOAD, Kind.BAD_MODULE) >= MODULES);
        assertRecovered(expected);
    }

    @Test
    void theFirstLaunch() throws InterruptedException {
        List<Integer> expected = ids();
        device.fail(Failure.LAUNCH, 1);
        try (Engine engine = open()) {
            assertFailed(engine.submit(request(6)), Kind.LAUNCH_FAILED);
        } catch (CudaDriverException e) { // an opening may launch
            assertEquals(Kind.LAUNCH_FAILED, e.kind());
        }
        assertRecovered(expected);
    }

    @Test
    void aLaunchMidGeneration() throws InterruptedException {
        failMidGeneration(Failure.LAUNCH, 100, Kind.LAUNCH_FAILED);
    }

    @Test
    void theDeviceMidGeneration() throws InterruptedException {
        failMidGeneration(Failure.DEVICE_LOST, 200, Kind.DEVICE_LOST);
    }

    /**
     * Runs generations into a failure that is armed beforehand, because the device accepts no
     * commands while a kernel runs.
     */
    private void failMidGeneration(Failure what, int call, Kind kind) throws InterruptedException {
        List<Integer> expected = ids();
        try (Engine engine = open()) {
            device.fail(what, call);
            Generation first = engine.submit(request(ANY_BEFORE_THE_END));
            Generation second = engine.submit(request(ANY_BEFORE_THE_END));
            Generation waiting = engine.submit(request(6));
            assertTrue(assertFailed(first, kind) > 0, "failed before the first token");
            assertFailed(second, kind);
            if (what == Failure.DEVICE_LOST) {
                assertFailed(waiting, kind);
                assertFailed(engine.submit(request(6)), kind);
            } else {
                assertEquals(expected, Completion.of(waiting).ids());
            }
        }
        device.fail(Failure.NONE, 0);
        if (what == Failure.DEVICE_LOST) {
            device.clear(); // nothing can be freed on a device that is gone
        }
        assertRecovered(expected);
    }

    @Test
    void noMemoryMidGeneration() throws InterruptedException {
        List<Integer> expected = ids();
        try (Engine engine = open()) {
            device.fail(Failure.ALLOCATION, 1);
            assertFailed(engine.submit(request(6)), Kind.OUT_OF_MEMORY);
            assertEquals(expected, Completion.of(engine, request(6)).ids());
        }
        assertRecovered(expected);
    }

    @Test
    void aDeviceThatIsLostWhileOpening() {
        List<Integer> expected = ids();
        int lost = 0;
        for (int call = 1; openingFails(call); call += CALLS_SKIPPED) {
            lost++;
            assertEquals(0, device.live(), "after the loss at call " + call);
            device.clear(); // nothing can be freed on a device that is gone
        }
        assertTrue(lost > 3, "only " + lost);
        assertRecovered(expected);
    }

    /**
     * Opens an engine with the device lost at a call. Returns true after one typed error, or false
     * if the opening finished first.
     */
    private boolean openingFails(int call) {
        device.fail(Failure.DEVICE_LOST, call);
        try (Engine engine = open()) {
            device.fail(Failure.NONE, 0);
            return engine.model().layers() == 0;
        } catch (CudaDriverException e) {
            assertEquals(Kind.DEVICE_LOST, e.kind());
        } catch (BackendUnavailableException e) {
            assertTrue(e.getMessage().contains("46"), e.getMessage()); // found by the probe
        } finally {
            device.fail(Failure.NONE, 0);
        }
        return true;
    }

    /** Reads a generation up to its failure; returns the number of tokens before it. */
    private static int assertFailed(Generation generation, Kind kind) throws InterruptedException {
        int tokens = 0;
        GenerationEvent event = generation.next();
        while (event instanceof GenerationEvent.TokenEmitted) {
            tokens++;
            event = generation.next();
        }
        GenerationEvent.Failed failed = assertInstanceOf(GenerationEvent.Failed.class, event);
        CudaDriverException cause = assertInstanceOf(CudaDriverException.class, failed.cause());
        assertEquals(kind, cause.kind(), cause.getMessage());
        assertNull(generation.next());
        return tokens;
    }
}
