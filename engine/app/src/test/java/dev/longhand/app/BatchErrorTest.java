package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.BatchRun;
import dev.longhand.batch.Problem;
import dev.longhand.batch.RunConfig;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.kernels.Device;
import dev.longhand.service.GenerationSummary;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceObserver;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** Recipe m12: an error while an answer is read ends the run, which does not wait for ever. */
@Timeout(60)
class BatchErrorTest {
    private static final int PROBLEMS = 4;

    @TempDir private Path folder;

    /** Fails once, as with a full heap. */
    private static final class Failing implements ServiceObserver {
        private final AtomicBoolean failed = new AtomicBoolean();

        @Override
        public void firstToken(String model, long nanos) {
            if (!failed.getAndSet(true)) {
                throw new OutOfMemoryError("Java heap space");
            }
        }

        @Override
        public void nextToken(String model, long nanos) {}

        @Override
        public void ended(GenerationSummary summary) {}
    }

    @Test
    void theRunEndsAndIsContinued() throws Exception {
        TestDevices.require(Device.CPU);
        Path problems = folder.resolve("problems.jsonl");
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < PROBLEMS; i++) {
            lines.append("{\"id\":\"p%d\",\"question\":\"1 + %d =\"}\n".formatted(i, i));
        }
        Files.writeString(problems, lines);
        Path settings = Files.writeString(folder.resolve("run.json"), "{\"max_tokens\":4}");
        Path out = folder.resolve("out.jsonl");
        Path checkpoint = Goldens.DEMO.resolve("checkpoint");
        EngineConfig config = EngineConfig.of(checkpoint).withDevice(Device.CPU).withThreads(1);
        try (Engine engine = Engine.open(config.withKvTokensMax(4096))) {
            Service service = new Service(engine, "base", null);
            service.observe(new Failing());
            EngineFailureException failure =
                    assertThrows(
                            EngineFailureException.class,
                            () -> run(engine, service, settings, problems, out));
            assertTrue(failure.getMessage().contains("heap"), failure.getMessage());
            run(engine, service, settings, problems, out);
        }
        assertEquals(PROBLEMS, Files.readAllLines(out).size());
    }

    private static void run(Engine engine, Service service, Path settings, Path problems, Path out)
            throws InterruptedException {
        BatchRun.Source source =
                new BatchRun.Source(Goldens.DEMO, "0", null, engine.backendDescription());
        new BatchRun(engine, service, RunConfig.read(settings), Problem.read(problems), source)
                .run(problems, out, engine.contextTokensMax(), 2, (done, total) -> {});
    }
}
