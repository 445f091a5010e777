package dev.longhand.bench.peers;

import dev.longhand.engine.error.InputException;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * llama.cpp's own benchmark program, one process per measurement.
 *
 * @param program the path of {@code llama-bench}
 * @param threads the number of threads of every run
 * @param options further options of every run
 */
record LlamaBench(Path program, int threads, List<String> options) {
    /**
     * Checks that the program is there.
     *
     * @throws InputException if it is not an executable file
     */
    LlamaBench {
        options = List.copyOf(options);
        if (!Files.isExecutable(program) || Files.isDirectory(program)) {
            throw new InputException(
                    ("'%s' is not llama.cpp's llama-bench; build it from llama.cpp's sources (cmake"
                         + " -B build && cmake --build build --target llama-bench) and name"
                         + " build/bin/llama-bench")
                            .formatted(program));
        }
    }

    /**
     * The speed of a run and the build that ran it.
     *
     * @param tokensPerSecond the mean of the run
     * @param build llama.cpp's build number and commit
     */
    record Speed(double tokensPerSecond, String build) {}

    /** Measures the prefill of a prompt. */
    Speed prefill(Path gguf, int tokens) throws IOException, InterruptedException {
        return run(gguf, "-p", Integer.toString(tokens), "-n", "0");
    }

    /** Measures decode steps after a context. */
    Speed decode(Path gguf, int context, int tokens) throws IOException, InterruptedException {
        return run(
                gguf, "-p", "0", "-n", Integer.toString(tokens), "-d", Integer.toString(context));
    }

    private Speed run(Path gguf, String... what) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString(), "-m", gguf.toString()));
        command.addAll(List.of("-t", Integer.toString(threads), "-r", "1", "-o", "json"));
        command.addAll(List.of(what));
        command.addAll(options);
        Path errors = Files.createTempFile("llama-bench", ".log");
        try {
            Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                List<String> said = Files.readAllLines(errors);
                throw new InputException(
                        "llama-bench failed with status %d: %s"
                                .formatted(
                                        process.exitValue(),
                                        said.isEmpty() ? "it printed nothing" : said.getLast()));
            }
            return speed(output);
        } finally {
            Files.delete(errors);
        }
    }

    /** Parses the program's JSON, which describes one run. */
    static Speed speed(String json) {
        try {
            JsonNode run = new JsonMapper().readTree(json).path(0);
            return new Speed(
                    run.required("avg_ts").asDouble(),
                    "%s (%s)"
                            .formatted(
                                    run.path("build_number").asString("?"),
                                    run.path("build_commit").asString("?")));
        } catch (JacksonException e) {
            throw new InputException("llama-bench printed other JSON than expected", e);
        }
    }
}
