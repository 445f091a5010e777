package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CublasException;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.BackendUnavailableException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.Prefill;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Prefill through cuBLAS, here a stub whose products run in stream order with the PTX device's
 * work. Only a GPU can test NVIDIA's library.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CublasPrefillTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim64-group7-tied");
    private static final int LONG_PROMPT = 200;
    private static final int SHORT_PROMPT = 40;
    private static final int ALLOC_FAILED = 3;

    @TempDir private static Path folder;
    private static StubCublas cublas;

    private PtxDevice device;

    @BeforeAll
    static void build() throws Exception {
        TestDevices.require(TestDevices.PTX); // built by c++, which comes with cc
        cublas = new StubCublas(folder);
    }

    @BeforeEach
    void clear() {
        device = TestDevices.ptx();
        device.clear();
    }

    @AfterEach
    void nothingIsLeft() throws Throwable {
        cublas.fail(0);
        assertEquals(List.of(), device.findings());
        assertEquals(0, device.live());
        assertEquals(0, cublas.live());
    }

    private static Engine open(Prefill prefill) {
        return Engine.open(
                EngineConfig.of(CHECKPOINT)
                        .withDevice(TestDevices.PTX)
                        .withPrefill(prefill)
                        .withContextTokensMax(512)
                        .withAdapter("any", folder.resolve("adapter")));
    }

    private static GenerationRequest request(int promptTokens) {
        return GenerationRequest.ids(Goldens.prompt(CHECKPOINT, 300).subList(0, promptTokens))
                .withMaxTokens(3)
                .withSampling(SamplingOptions.greedy().withLogprobs(5))
                .ignoringEos();
    }

    /** The goldens include a prompt of 300 tokens, biases, a tied head and grouped heads. */
    @Test
    void goldensAreAsCloseAsOurs() throws Throwable {
        int before = cublas.products();
        double noise =
                Goldens.read(Goldens.FOLDER.resolve("bf16_noise.json"))
                        .required(CHECKPOINT.getFileName().toString())
                        .asDouble();
        GoldenTest.check(
                new GoldenTest.Subject(CHECKPOINT, false, false),
                TestDevices.PTX,
                Prefill.CUBLAS,
                2 * noise);
        int products = cublas.products() - before;
        System.out.printf("%d products by cuBLAS%n", products);
        assertTrue(products > 0 && products % 4 == 0, "four of a layer, not " + products);
    }

    /**
     * Rows with adapters and prompts too short for cuBLAS use our kernels, so their bits are the
     * same.
     */
    @Test
    void theRestIsOurs() throws Throwable {
        TestAdapter.allLinear(CHECKPOINT, 8, 5).write(folder.resolve("adapter"));
        List<GenerationRequest> requests =
                List.of(request(LONG_PROMPT).withAdapter("any"), request(SHORT_PROMPT));
        List<Completion> expected;
        try (Engine engine = open(Prefill.OWN)) {
            expected = requests.stream().map(one -> Completion.of(engine, one)).toList();
        }
        int before = cublas.products();
        try (Engine engine = open(Prefill.CUBLAS)) {
            assertTrue(engine.backendDescription().contains("prefill by cuBLAS 120600"));
            assertEquals(
                    expected, requests.stream().map(one -> Completion.of(engine, one)).toList());
            assertEquals(before, cublas.products());
            Completion.of(engine, request(LONG_PROMPT));
            assertEquals(before + 4 * engine.model().layers(), cublas.products());
        }
    }

    @Test
    void aProductThatFailsEndsItsGenerationsOnly() throws Throwable {
        TestAdapter.allLinear(CHECKPOINT, 8, 5).write(folder.resolve("adapter"));
        Completion expected;
        try (Engine engine = open(Prefill.CUBLAS)) {
            expected = Completion.of(engine, request(LONG_PROMPT));
        }
        try (Engine engine = open(Prefill.CUBLAS)) {
            cublas.fail(ALLOC_FAILED);
            Generation failing = engine.submit(request(LONG_PROMPT));
            GenerationEvent.Failed failed =
                    assertInstanceOf(GenerationEvent.Failed.class, failing.next());
            CublasException cause = assertInstanceOf(CublasException.class, failed.cause());
            assertEquals("CUBLAS_STATUS_ALLOC_FAILED", cause.statusName());
            cublas.fail(0);
            assertEquals(expected, Completion.of(engine, request(LONG_PROMPT)));
        }
    }

    @Test
    void anOpeningThatFailsLeavesNothing() throws Throwable {
        cublas.fail(ALLOC_FAILED);
        CublasException refused =
                assertThrows(CublasException.class, () -> open(Prefill.CUBLAS).close());
        assertEquals("cublasSetStream", refused.call());
    }

    @Test
    void aDeviceWithoutItIsRefused() {
        BackendUnavailableException refused =
                assertThrows(
                        BackendUnavailableException.class,
                        () ->
                                Engine.open(
                                                EngineConfig.of(CHECKPOINT)
                                                        .withDevice(Device.REFERENCE)
                                                        .withPrefill(Prefill.CUBLAS))
                                        .close());
        assertTrue(refused.getMessage().contains("cuBLAS multiplies on a GPU"));
        assertTrue(refused.getMessage().endsWith("or leave out Prefill.CUBLAS"));
    }
}
