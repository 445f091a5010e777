package dev.longhand.engine;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Golden results of transformers, in float32 with eager attention, on small random checkpoints;
 * made by {@code goldens/make_goldens.py}.
 */
public final class Goldens {
    /** The folder of all goldens. */
    public static final Path FOLDER =
            Path.of(System.getProperty("longhand.module.directory", "."))
                    .resolve("../core/src/test/goldens")
                    .normalize();

    /** The demo: the folders {@code checkpoint} and {@code adapter}, and its problems. */
    public static final Path DEMO =
            Path.of(System.getProperty("longhand.module.directory", "."))
                    .resolve("../app/src/demo")
                    .normalize();

    /** The checkpoint with logits at far positions. */
    public static final Path LONG = FOLDER.resolve("long");

    private Goldens() {}

    /**
     * A prompt and its greedy continuation: ids, and per step the top 5 tokens with
     * log-probabilities.
     */
    public record Case(List<Integer> prompt, List<Integer> ids, JsonNode logprobs) {}

    /** The checkpoints with prompts of 1, 7, 33 and 300 tokens. */
    public static List<Path> checkpoints() {
        try (Stream<Path> folders = Files.list(FOLDER)) {
            return folders.filter(folder -> Files.exists(folder.resolve("golden.json")))
                    .filter(folder -> !folder.equals(LONG))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns a checkpoint as GPTQ or AWQ stores it, made by {@code
     * goldens/make_quantized_goldens.py}: gptq-int4, gptq-int8, awq, gptq-int4-asymmetric,
     * gptq-int8-v2.
     */
    public static Path quantized(String name) {
        return FOLDER.resolve("quantized").resolve(name);
    }

    /** Returns all GPTQ and AWQ checkpoints. */
    public static List<Path> quantized() {
        try (Stream<Path> folders = Files.list(FOLDER.resolve("quantized"))) {
            return folders.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the PEFT folders with goldens of their own, below their checkpoints. */
    public static List<Path> adapters() {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            return files.filter(file -> file.endsWith("adapter_config.json"))
                    .map(Path::getParent)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a checkpoint by its name. */
    public static Path checkpoint(String name) {
        return FOLDER.resolve(name);
    }

    /** Returns the cases of a checkpoint or of an adapter, shortest prompt first. */
    public static List<Case> cases(Path folder) {
        return read(folder.resolve("golden.json"))
                .get("cases")
                .valueStream()
                .map(
                        node ->
                                new Case(
                                        integers(node.get("prompt_ids")),
                                        integers(node.get("ids")),
                                        node.get("logprobs")))
                .toList();
    }

    /** Returns the prompt with the given number of tokens. */
    public static List<Integer> prompt(Path checkpoint, int tokens) {
        return cases(checkpoint).stream()
                .map(Case::prompt)
                .filter(prompt -> prompt.size() == tokens)
                .findFirst()
                .orElseThrow();
    }

    /** Reads a JSON file. */
    public static JsonNode read(Path file) {
        return new JsonMapper().readTree(file);
    }

    /** Converts a JSON array of numbers to a list. */
    public static List<Integer> integers(JsonNode node) {
        return node.valueStream().map(JsonNode::asInt).toList();
    }
}
