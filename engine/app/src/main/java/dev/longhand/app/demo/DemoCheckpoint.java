package dev.longhand.app.demo;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The checkpoint, its Long-CoT adapter and the problems in the jar. Checkpoint and adapter are
 * unpacked into a temporary folder, which {@link #close} deletes.
 */
final class DemoCheckpoint implements AutoCloseable {
    /** The number of held-out problems in the jar. */
    static final int PROBLEMS = 210;

    private static final String RESOURCES = "/dev/longhand/app/demo/";
    private static final List<String> FILES =
            List.of(
                    "checkpoint/config.json",
                    "checkpoint/generation_config.json",
                    "checkpoint/model.safetensors",
                    "checkpoint/tokenizer.json",
                    "checkpoint/tokenizer_config.json",
                    "adapter/adapter_config.json",
                    "adapter/adapter_model.safetensors");

    private static final List<String> FOLDERS = List.of("checkpoint", "adapter");

    private final Path folder;

    /** A word problem and its answer, a number. */
    record Problem(String question, String answer) {}

    private DemoCheckpoint(Path folder) {
        this.folder = folder;
    }

    static DemoCheckpoint unpack() {
        try {
            Path folder = Files.createTempDirectory("longhand-demo-");
            DemoCheckpoint demo = new DemoCheckpoint(folder);
            for (String each : FOLDERS) {
                Files.createDirectory(folder.resolve(each));
            }
            for (String file : FILES) {
                try (InputStream in = resource(file)) {
                    Files.copy(in, folder.resolve(file));
                }
            }
            return demo;
        } catch (IOException e) {
            throw new UncheckedIOException("unpacking the demo checkpoint: " + e.getMessage(), e);
        }
    }

    private static InputStream resource(String name) throws IOException {
        InputStream in = DemoCheckpoint.class.getResourceAsStream(RESOURCES + name);
        if (in == null) {
            throw new IOException(name + " is not in this build");
        }
        return in;
    }

    /** Hugging Face folder of the base. */
    Path checkpoint() {
        return folder.resolve("checkpoint");
    }

    /** PEFT folder of the adapter. */
    Path adapter() {
        return folder.resolve("adapter");
    }

    List<Problem> problems() {
        JsonMapper mapper = new JsonMapper();
        try (InputStream in = resource("problems.jsonl")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(mapper::readTree)
                    .map(DemoCheckpoint::problem)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("reading the demo problems: " + e.getMessage(), e);
        }
    }

    private static Problem problem(JsonNode line) {
        return new Problem(
                line.required("question").asString(), line.required("answer").asString());
    }

    @Override
    public void close() {
        try {
            for (String file : FILES) {
                Files.deleteIfExists(folder.resolve(file));
            }
            for (String each : FOLDERS) {
                Files.deleteIfExists(folder.resolve(each));
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            System.getLogger(DemoCheckpoint.class.getName())
                    .log(System.Logger.Level.WARNING, "deleting " + folder, e);
        }
    }
}
