package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.engine.model.LoadedModel;
import dev.longhand.engine.model.ModelLoader;
import dev.longhand.engine.schedule.DeviceThread;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.Prefill;
import dev.longhand.kernels.backend.ComputeBackend;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Errors of the JVM on the device thread, which end what they concern and nothing else. */
@Timeout(60)
class DeviceErrorTest {
    private static final EngineConfig CONFIG =
            EngineConfig.of(Goldens.DEMO.resolve("checkpoint"))
                    .withDevice(Device.CPU)
                    .withThreads(1);
    private static final GenerationRequest REQUEST =
            GenerationRequest.text("The answer to the question is").withMaxTokens(6).ignoringEos();

    private final AtomicInteger failures = new AtomicInteger();

    /** A device thread over a backend of which one method fails as often as {@code failures}. */
    private interface Use {
        void with(EngineSetup setup, DeviceThread thread) throws InterruptedException;
    }

    private ComputeBackend failing(ComputeBackend backend, String method) {
        return (ComputeBackend)
                Proxy.newProxyInstance(
                        ComputeBackend.class.getClassLoader(),
                        new Class<?>[] {ComputeBackend.class},
                        (proxy, called, arguments) -> {
                            if (called.getName().equals(method)
                                    && failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                                throw new OutOfMemoryError("test");
                            }
                            try {
                                return called.invoke(backend, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private void run(String method, Use use) throws InterruptedException {
        try (EngineSetup setup = EngineSetup.read(CONFIG);
                ModelLoader loader =
                        ModelLoader.open(
                                CONFIG.model(),
                                setup.model(),
                                null,
                                () ->
                                        failing(
                                                BackendChoice.open(Device.CPU, 1, Prefill.OWN)
                                                        .backend(),
                                                method))) {
            ComputeBackend backend = loader.backend();
            try (LoadedModel loaded =
                            loader.load(
                                    backend,
                                    setup.stepSize(),
                                    setup.kvShape(backend),
                                    LoadProgress.SILENT);
                    DeviceThread thread =
                            new DeviceThread(
                                    loaded.model(), backend, loaded.kv(), setup.limits())) {
                use.with(setup, thread);
            }
        }
    }

    private static List<Generation> submit(EngineSetup setup, DeviceThread thread, int samples) {
        PromptEncoder encoder =
                new PromptEncoder(
                        CONFIG.model(),
                        setup.tokenizer().orElseThrow(),
                        setup.model().vocabSize(),
                        setup.limits().contextTokensMax());
        PreparedRequest request = new PreparedRequest(setup, encoder, REQUEST, null, true);
        thread.submit(request.sequences(Collections.nCopies(samples, AdapterUse.none())));
        return request.generations();
    }

    private static GenerationEvent last(Generation generation) throws InterruptedException {
        GenerationEvent last = null;
        for (GenerationEvent event = generation.next(); event != null; event = generation.next()) {
            last = event;
        }
        return Objects.requireNonNull(last);
    }

    private static void assertFailed(GenerationEvent event) {
        var failed = assertInstanceOf(GenerationEvent.Failed.class, event);
        assertInstanceOf(EngineFailureException.class, failed.cause());
        assertTrue(failed.cause().getMessage().contains("the Java heap is full"));
    }

    @Test
    void inAStep() throws InterruptedException {
        run(
                "sample",
                (setup, thread) -> {
                    failures.set(1);
                    assertFailed(last(submit(setup, thread, 1).getFirst()));
                    GenerationEvent next = last(submit(setup, thread, 1).getFirst());
                    assertInstanceOf(GenerationEvent.Finished.class, next);
                    assertTrue(thread.load().alive());
                    assertEquals(0, thread.load().kvPagesHeld());
                });
    }

    /** When a sample begins; the samples before it and after it end as if nothing had been. */
    @Test
    void whenASequenceBegins() throws InterruptedException {
        run(
                "copyPage",
                (setup, thread) -> {
                    failures.set(1);
                    List<GenerationEvent> ends = new ArrayList<>();
                    for (Generation sample : submit(setup, thread, 3)) {
                        ends.add(last(sample));
                    }
                    assertInstanceOf(GenerationEvent.Finished.class, ends.get(0));
                    assertFailed(ends.get(1));
                    assertInstanceOf(GenerationEvent.Finished.class, ends.get(2));
                    assertEquals(0, thread.load().kvPagesHeld());
                });
    }
}
