package dev.longhand.engine.cli;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The checkpoint and the problems of the jar, unpacked into a temporary folder until closed. */
final class DemoCheckpoint implements AutoCloseable {
    /** Held-out problems that ship. */
    static final int PROBLEMS = 210;

    private static final String RESOURCES = "/dev/longhand/engine/demo/";
    private static final List<String> FILES =
            List.of(
                    "config.json",
                    "generation_config.json",
                    "model.safetensors",
                    "tokenizer.json",
                    "tokenizer_config.json");

    private final Path folder;

    /** A word problem and its number. */
    record Problem(String question, String answer) {}

    private DemoCheckpoint(Path folder) {
        this.folder = folder;
    }

    static DemoCheckpoint unpack() {
        try {
            Path folder = Files.createTempDirectory("longhand-demo-");
            DemoCheckpoint demo = new DemoCheckpoint(folder);
            for (String file : FILES) {
                try (InputStream in = resource("checkpoint/" + file)) {
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

    Path folder() {
        return folder;
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
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            System.getLogger(DemoCheckpoint.class.getName())
                    .log(System.Logger.Level.WARNING, "deleting " + folder, e);
        }
    }
}
