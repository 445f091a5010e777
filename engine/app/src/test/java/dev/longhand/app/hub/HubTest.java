package dev.longhand.app.hub;

import dev.longhand.engine.file.HubName;
import dev.longhand.engine.status.LoadProgress;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Base of tests that pull from a {@link HubServer} into a cache. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
abstract class HubTest {
    private static final Retries.Rule RULE = new Retries.Rule(3, 1);
    private static final HubConnection.Timeouts TIMEOUTS =
            new HubConnection.Timeouts(10_000, 10_000);
    static final byte[] WEIGHTS = weights(3_000_000);

    @TempDir Path cache;
    HubServer server;

    private static byte[] weights(int size) {
        byte[] bytes = new byte[size];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    @BeforeEach
    void start() throws IOException {
        server = new HubServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    Pull.Result pull(String name, String... patterns) throws Exception {
        return pull(name, LoadProgress.SILENT, patterns);
    }

    Pull.Result pull(String name, LoadProgress progress, String... patterns) throws Exception {
        try (HubConnection hub = new HubConnection(server.access(cache, "hf_secret"), TIMEOUTS)) {
            return new Pull(hub, HubName.parse(name).orElseThrow(), RULE, progress)
                    .run(List.of(patterns));
        }
    }

    HubServer model() {
        return server.with("config.json", "{}")
                .with("tokenizer.json", "{\"a\": 1}")
                .with("model.safetensors", WEIGHTS);
    }

    Path repository() {
        return cache.resolve("models--org--model");
    }

    /** The files below a folder, relative to it. */
    static TreeSet<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            TreeSet<String> names = new TreeSet<>();
            files.filter(file -> !Files.isDirectory(file))
                    .forEach(file -> names.add(folder.relativize(file).toString()));
            return names;
        }
    }

    static long asked(List<String> requests, String file) {
        return requests.stream().filter(each -> each.contains("/" + file + " ")).count();
    }
}
