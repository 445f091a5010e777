package dev.longhand.engine.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.status.AdapterInfo;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** The registry's limits, its order of use, and the files that clients may name. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AdapterRegistryTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim32-group8");
    private static final String CONFIG = "adapter_config.json";
    private static final String WEIGHTS = "adapter_model.safetensors";

    @TempDir private Path temporary;

    private static AdapterRegistry registry(long bytesMax, int namesMax, Executor device) {
        AdapterReader reader = new AdapterReader(ModelConfig.read(CHECKPOINT));
        return new AdapterRegistry(reader, bytesMax, namesMax, device);
    }

    private static AdapterRegistry registry() {
        return registry(1 << 30, 10, Runnable::run);
    }

    private Path write(String name, long seed) {
        return TestAdapter.allLinear(CHECKPOINT, 4, seed).write(temporary.resolve(name));
    }

    private AdapterFolder folder(String name, long seed) {
        return AdapterFolder.ofOperator(write(name, seed));
    }

    private static List<String> resident(AdapterRegistry registry) {
        return registry.list().stream()
                .filter(AdapterInfo::resident)
                .map(AdapterInfo::name)
                .toList();
    }

    @Test
    void aNameBeyondTheLimitIsRefusedBeforeItsFolderIsRead() {
        AdapterFolder missing = AdapterFolder.ofOperator(temporary.resolve("missing"));
        try (AdapterRegistry registry = registry(1 << 30, 2, Runnable::run)) {
            registry.load("a", folder("a", 1), 1);
            registry.load("b", folder("b", 2), 1);
            String message =
                    assertThrows(InputException.class, () -> registry.load("c", missing, 1))
                            .getMessage();
            assertEquals("at most 2 adapters", message);
            registry.load("a", folder("a", 3), 1);
        }
    }

    @Test
    void pinningIsNoUse() {
        long bytes;
        try (AdapterRegistry registry = registry()) {
            bytes = registry.load("a", folder("a", 1), 1).bytes();
        }
        try (AdapterRegistry registry = registry(2 * bytes, 10, Runnable::run)) {
            registry.load("a", folder("a", 1), 1);
            registry.load("b", folder("b", 2), 1);
            registry.pin("a", true);
            registry.pin("a", false);
            registry.load("c", folder("c", 3), 1);
            assertEquals(List.of("b", "c"), resident(registry));
            registry.acquire("b").release();
            registry.load("d", folder("d", 4), 1);
            assertEquals(List.of("b", "d"), resident(registry));
        }
    }

    /** While one thread reads an evicted adapter again, another unloads its name. */
    @Test
    void unloadWaitsForAnAdapterThatIsBeingReadAgain() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch reached = new CountDownLatch(1);
        Executor slow =
                task ->
                        Thread.startVirtualThread(
                                () -> {
                                    reached.countDown();
                                    await(gate);
                                    task.run();
                                });
        Executor[] device = {Runnable::run};
        long bytes;
        try (AdapterRegistry registry = registry()) {
            bytes = registry.load("a", folder("a", 1), 1).bytes();
        }
        try (AdapterRegistry registry = registry(bytes, 10, task -> device[0].execute(task))) {
            registry.load("a", folder("a", 1), 1);
            registry.load("b", folder("b", 2), 1);
            device[0] = slow;
            CompletableFuture<ResidentAdapter> use =
                    CompletableFuture.supplyAsync(() -> registry.acquire("a"));
            await(reached); // it evicts b, and reads a when the memory of b is free
            CompletableFuture<Void> unload =
                    CompletableFuture.runAsync(
                            () -> {
                                try {
                                    registry.unload("a");
                                } catch (InterruptedException e) {
                                    throw new AssertionError(e);
                                }
                            });
            Thread.sleep(200);
            assertFalse(unload.isDone(), "a is being read");
            gate.countDown();
            ResidentAdapter adapter = use.get();
            Thread.sleep(100);
            assertFalse(unload.isDone(), "a is in use");
            adapter.release();
            unload.get();
            assertEquals(0, registry.residentBytes());
            assertEquals(List.of("b"), registry.list().stream().map(AdapterInfo::name).toList());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private String refused(Path permitted, String name) {
        try (AdapterRegistry registry = registry()) {
            String message =
                    assertThrows(
                                    InputException.class,
                                    () ->
                                            registry.load(
                                                    "it",
                                                    AdapterFolder.ofClient(permitted, name),
                                                    1))
                            .getMessage();
            assertFalse(message.contains(temporary.toString()), message);
            assertEquals(0, registry.residentBytes());
            return message;
        }
    }

    private static void link(Path link, Path to) throws IOException {
        Files.delete(link);
        Files.createSymbolicLink(link, to);
    }

    /** A Hub snapshot has links to a folder beside it; only the operator may load one. */
    @Test
    void filesOfAClientsFolderLieWithinThePermittedOne() throws IOException {
        Path snapshot = write("permitted/snapshot", 1);
        Path blob = temporary.resolve("blob");
        Files.move(snapshot.resolve(WEIGHTS), blob);
        Files.createSymbolicLink(snapshot.resolve(WEIGHTS), blob);
        Path permitted = temporary.resolve("permitted");
        String message = refused(permitted, "snapshot");
        assertEquals(
                "snapshot/adapter_model.safetensors: there is no file of that name within the"
                        + " folder of adapters",
                message);
        try (AdapterRegistry registry = registry()) {
            registry.load("it", AdapterFolder.ofOperator(snapshot), 1);
            Files.move(blob, permitted.resolve("blob"));
            link(snapshot.resolve(WEIGHTS), Path.of("../blob"));
            registry.load("it", AdapterFolder.ofClient(permitted, "snapshot"), 1);
        }
    }

    @Test
    void errorsShowNeitherOtherFilesNorPaths() throws IOException {
        Path folder = write("permitted/it", 1);
        Path permitted = temporary.resolve("permitted");
        Path secret = Files.writeString(temporary.resolve("secret"), "TOPSECRET of bob");
        Path config = temporary.resolve("config");
        Files.copy(folder.resolve(CONFIG), config);
        link(folder.resolve(CONFIG), secret);
        assertFalse(refused(permitted, "it").contains("TOPSECRET"));
        link(folder.resolve(CONFIG), Path.of("/dev/zero"));
        refused(permitted, "it");
        Files.delete(folder.resolve(CONFIG));
        assertTrue(refused(permitted, "it").startsWith("it/adapter_config.json: "));
        Files.writeString(folder.resolve(CONFIG), "TOPSECRET");
        String message = refused(permitted, "it");
        assertTrue(message.startsWith("it/adapter_config.json: malformed JSON"), message);
        assertFalse(message.contains("TOPSECRET"), message);
        Files.copy(config, folder.resolve(CONFIG), StandardCopyOption.REPLACE_EXISTING);
        Files.write(folder.resolve(WEIGHTS), new byte[3]);
        assertTrue(refused(permitted, "it").startsWith("it/adapter_model.safetensors: truncated"));
        for (String name : List.of("..", "../secret", "/etc", "missing", "it/" + WEIGHTS, "a\0b")) {
            assertTrue(refused(permitted, name).startsWith("there is no adapter folder "), name);
        }
    }
}
