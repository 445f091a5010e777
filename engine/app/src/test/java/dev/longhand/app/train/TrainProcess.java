package dev.longhand.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.app.MainProcess;
import dev.longhand.engine.Goldens;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Commands as processes of their own, on the demo's model and problems. */
final class TrainProcess {
    static final Path MODEL = Goldens.DEMO.resolve("checkpoint");

    private TrainProcess() {}

    /** The end of a process. */
    record Outcome(int status, String err) {}

    /** A problem of the demo. */
    record Problem(String question, String answer) {}

    /** The first problems of the demo, which its model never learned. */
    static List<Problem> problems(int count) throws IOException {
        try (Stream<String> lines = Files.lines(Goldens.DEMO.resolve("problems.jsonl"))) {
            return lines.limit(count)
                    .map(line -> new JsonMapper().readTree(line))
                    .map(
                            row ->
                                    new Problem(
                                            row.get("question").asString(),
                                            row.get("answer").asString()))
                    .toList();
        }
    }

    /** Writes problems as demonstrations. */
    static Path data(Path file, List<Problem> problems) throws IOException {
        JsonMapper json = new JsonMapper();
        List<String> lines = new ArrayList<>();
        for (Problem problem : problems) {
            lines.add(
                    json.writeValueAsString(
                            Map.of(
                                    "messages",
                                    List.of(
                                            Map.of("role", "user", "content", problem.question()),
                                            Map.of(
                                                    "role",
                                                    "assistant",
                                                    "content",
                                                    "The answer is \\boxed{"
                                                            + problem.answer()
                                                            + "}.")))));
        }
        return Files.write(file, lines);
    }

    private static Process start(String name, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(name));
        command.addAll(arguments);
        return MainProcess.builder(MainProcess.QUICK, command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Trains to the end. */
    static Outcome run(List<String> arguments) throws IOException, InterruptedException {
        return run("train", arguments);
    }

    /** Runs another command to the end. */
    static Outcome run(String name, List<String> arguments)
            throws IOException, InterruptedException {
        Process process = start(name, arguments);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), err);
    }

    /** Trains to the end, which must be a good one. */
    static void succeed(List<String> arguments) throws IOException, InterruptedException {
        Outcome outcome = run(arguments);
        assertEquals(0, outcome.status(), outcome.err());
    }

    /** Trains until a line of progress begins with a text, then kills the process. */
    static void kill(List<String> arguments, String at) throws IOException, InterruptedException {
        Process process = start("train", arguments);
        StringBuilder seen = new StringBuilder();
        try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
            for (String line = err.readLine(); line != null; line = err.readLine()) {
                seen.append(line).append('\n');
                if (line.startsWith(at)) {
                    process.toHandle().destroyForcibly(); // its output stays readable
                }
            }
        }
        assertEquals(137, process.waitFor(), seen.toString());
    }

    /** All files of the weights in a folder, by name; the rest of the folder is left out. */
    static Map<String, byte[]> weights(Path folder) throws IOException {
        Map<String, byte[]> weights = new TreeMap<>();
        try (Stream<Path> content = Files.list(folder)) {
            for (Path file :
                    content.filter(each -> each.toString().contains("safetensors")).toList()) {
                weights.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return weights;
    }

    /** The log without the fields that measure time and memory. */
    static List<String> log(Path out) throws IOException {
        try (Stream<String> lines = Files.lines(out.resolve("train.jsonl"))) {
            return lines.map(line -> line.replaceAll(",\"tokens_per_second.*}", "}")).toList();
        }
    }

    /** A field of the last line of the log that has it. */
    static double last(Path out, String field) throws IOException {
        return Files.readAllLines(out.resolve("train.jsonl")).stream()
                .map(line -> new JsonMapper().readTree(line))
                .filter(line -> line.has(field))
                .map(line -> line.get(field))
                .reduce((before, line) -> line)
                .map(JsonNode::asDouble)
                .orElseThrow();
    }
}
