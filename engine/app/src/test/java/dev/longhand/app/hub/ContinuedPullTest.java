package dev.longhand.app.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.status.LoadProgress;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Pulls that were interrupted, failed, or come two at a time. */
class ContinuedPullTest extends HubTest {
    /** The connection breaks in the middle; what has come is not asked for again. */
    @Test
    void brokenDownloadsAreContinued() throws Exception {
        model();
        breakFirst(WEIGHTS.length / 2);
        List<String> notes = new ArrayList<>();
        LoadProgress progress =
                new LoadProgress() {
                    @Override
                    public void loaded(long done, long total) {
                        assertTrue(done >= 0 && done <= total, done + " of " + total);
                    }

                    @Override
                    public void noted(String line) {
                        notes.add(line);
                    }
                };
        Path folder = pull("org/model", progress).folder();
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
        assertEquals(1, notes.size(), notes.toString());
        assertTrue(notes.getFirst().contains("again in 1 s"), notes.getFirst());
        assertTrue(
                server.requests().stream().anyMatch(each -> each.contains("bytes=")),
                server.requests().toString());
    }

    /** Breaks the first answer of the store after some bytes. */
    private void breakFirst(int bytes) {
        AtomicInteger asked = new AtomicInteger();
        server.answer(
                HubServer.path("model.safetensors"),
                exchange -> {
                    if (exchange.getLocalAddress().getPort() != server.storeAddress().getPort()) {
                        HubServer.redirect(
                                exchange,
                                server.storeAddress() + HubServer.path("model.safetensors"));
                    } else if (asked.getAndIncrement() > 0) {
                        HubServer.part(exchange, WEIGHTS);
                    } else {
                        exchange.sendResponseHeaders(200, WEIGHTS.length);
                        OutputStream out = exchange.getResponseBody();
                        out.write(WEIGHTS, 0, bytes);
                        out.flush();
                    }
                });
    }

    @Test
    void anEarlierRunIsContinued() throws Exception {
        model();
        Path partial = partial();
        Files.write(partial, Arrays.copyOf(WEIGHTS, 1000));
        List<Long> seen = new ArrayList<>();
        Pull.Result result = pull("org/model", (done, total) -> seen.add(done));
        Path folder = result.folder();
        assertEquals(1000, seen.getFirst(), "what is there is no progress");
        assertEquals(WEIGHTS.length + 10, seen.getLast());
        assertEquals(WEIGHTS.length + 10 - 1000, result.fetchedBytes());
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
        assertTrue(
                server.requests().stream().anyMatch(each -> each.contains(" bytes=1000- ")),
                server.requests().toString());
        assertFalse(Files.exists(partial));
    }

    /** The earlier part is not the beginning of this file: it is fetched anew. */
    @Test
    void aDamagedPartIsFetchedAnew() throws Exception {
        model();
        for (int size : new int[] {1000, WEIGHTS.length, WEIGHTS.length + 1}) {
            Files.write(partial(), new byte[size]);
            Path folder = pull("org/model").folder();
            assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
            Files.delete(repository().resolve("blobs", HubServer.sha256(WEIGHTS)));
        }
    }

    @Test
    void aServerWithoutRangesSendsAllAgain() throws Exception {
        model();
        Files.write(partial(), Arrays.copyOf(WEIGHTS, 1000));
        server.answer(
                HubServer.path("model.safetensors"),
                exchange -> HubServer.send(exchange, 200, WEIGHTS));
        Path folder = pull("org/model").folder();
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
    }

    private Path partial() throws IOException {
        Path blobs = Files.createDirectories(repository().resolve("blobs"));
        return blobs.resolve(HubServer.sha256(WEIGHTS) + ".longhand.incomplete");
    }

    /** A blob of the right name and the wrong size is no blob. */
    @Test
    void truncatedBlobsAreReplaced() throws Exception {
        model();
        Path blob =
                Files.createDirectories(repository().resolve("blobs"))
                        .resolve(HubServer.sha256(WEIGHTS));
        Files.write(blob, new byte[10]);
        pull("org/model");
        assertArrayEquals(WEIGHTS, Files.readAllBytes(blob));
    }

    @Test
    void twoPullsAtOnce() throws Exception {
        model();
        List<CompletableFuture<Pull.Result>> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            both.add(
                    CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    return pull("org/model");
                                } catch (Exception e) {
                                    throw new AssertionError(e);
                                }
                            }));
        }
        long fetched = 0;
        for (CompletableFuture<Pull.Result> each : both) {
            fetched += each.get().fetchedBytes();
        }
        assertEquals(WEIGHTS.length + 10, fetched);
    }

    /** The name leads to the old files until all new ones are there. */
    @Test
    void aPullThatFailsChangesNothing() throws Exception {
        model();
        Files.createDirectories(repository().resolve("refs"));
        Files.writeString(repository().resolve("refs/main"), "f".repeat(40));
        server.answer(
                HubServer.path("model.safetensors"),
                exchange -> HubServer.send(exchange, 500, new byte[0]));
        assertThrows(IOException.class, () -> pull("org/model"));
        assertEquals("f".repeat(40), Files.readString(repository().resolve("refs/main")));
        assertFalse(Files.exists(repository().resolve("snapshots")));
    }

    @Test
    void aPullWaitsForAnother() throws Exception {
        model();
        Path lock = cache.resolve(".locks/models--org--model/longhand");
        Files.createDirectories(lock.getParent());
        CompletableFuture<String> waiting = new CompletableFuture<>();
        LoadProgress progress =
                new LoadProgress() {
                    @Override
                    public void loaded(long done, long total) {}

                    @Override
                    public void noted(String line) {
                        waiting.complete(line);
                    }
                };
        CompletableFuture<Pull.Result> pulled;
        try (LockFile _ = LockFile.of(lock)) {
            pulled =
                    CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    return pull("org/model", progress);
                                } catch (Exception e) {
                                    throw new AssertionError(e);
                                }
                            });
            assertEquals("org/model is being fetched by another run; waiting", waiting.get());
            assertFalse(pulled.isDone());
        }
        assertEquals(3, pulled.get().files());
    }
}
