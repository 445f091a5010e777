package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.Device;
import dev.longhand.study.keywords.ReflectionKeywords;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs the commands as separate processes with real standard streams. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CommandLineTest {
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");
    private static final Path GOLDEN = Goldens.checkpoint("dim64-group5");

    @TempDir private Path folder;
    private String locale;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void requireCpu() {
        TestDevices.require(Device.CPU);
    }

    private Outcome run(String... arguments) throws IOException, InterruptedException {
        return run(List.of(), folder.resolve("out").toFile(), "", arguments);
    }

    private Outcome run(List<String> jvm, File out, String input, String... arguments)
            throws IOException, InterruptedException {
        File err = folder.resolve("err").toFile();
        Path in = Files.writeString(folder.resolve("in"), input);
        ProcessBuilder builder =
                MainProcess.builder(jvm, List.of(arguments))
                        .redirectInput(in.toFile())
                        .redirectOutput(out)
                        .redirectError(err);
        if (locale != null) {
            builder.environment().put("LC_ALL", locale);
        }
        Process process = builder.start();
        int status = process.waitFor();
        return new Outcome(
                status,
                out.isFile() ? Files.readString(out.toPath()) : "",
                Files.readString(err.toPath()));
    }

    @Test
    void weightsAreQuantizedAsAsked() throws Exception {
        String model = DEMO.toString();
        List<String> lines = new ArrayList<>();
        for (String kind : List.of("bf16", "int8", "int4")) {
            Outcome plan = run("inspect", "--model", model, "--weights", kind);
            assertEquals(0, plan.status(), plan.err());
            lines.add(
                    plan.out()
                            .lines()
                            .filter(line -> line.startsWith("weights"))
                            .findFirst()
                            .get());
        }
        assertEquals(3, lines.stream().distinct().count(), lines.toString());
    }

    @Test
    void generateJsonIsTheContract() throws Exception {
        Goldens.Case golden = Goldens.cases(GOLDEN).get(1);
        String ids = golden.prompt().stream().map(String::valueOf).collect(Collectors.joining(","));
        Outcome outcome =
                run(
                        "generate",
                        "--model",
                        GOLDEN.toString(),
                        "--prompt-ids",
                        ids,
                        "--max-tokens",
                        "12",
                        "--temperature",
                        "0",
                        "--ignore-eos",
                        "--logprobs",
                        "5",
                        "--speculation",
                        "off",
                        "--format",
                        "json");
        assertEquals(0, outcome.status(), outcome.err());
        assertEquals("", outcome.err());
        assertEquals(1, outcome.out().lines().count());
        JsonNode json = new JsonMapper().readTree(outcome.out());
        assertEquals(golden.prompt(), Goldens.integers(json.get("prompt_ids")));
        assertEquals(golden.ids(), Goldens.integers(json.get("ids")));
        assertEquals("length", json.get("finish").asString());
        assertEquals("", json.get("text").asString());
        assertEquals(12, json.get("logprobs").size());
        assertEquals(5, json.get("logprobs").get(0).size());
        assertTrue(json.get("timing").get("decode_tokens_per_s").asDouble() > 0);
        assertEquals("0", json.get("timing").get("drafted_tokens").toString());
        assertEquals("0", json.get("timing").get("accepted_tokens").toString());
    }

    @Test
    void generateCountsThoughtAnswerAndKeywords() throws Exception {
        List<String> arguments =
                List.of(
                        "generate",
                        "--model",
                        DEMO.toString(),
                        "--adapter",
                        "cot=" + DEMO.resolveSibling("adapter"),
                        "--use",
                        "cot",
                        "--prompt",
                        "Mia has 16 cookies. Mia gives away 8. A friend gives Mia 9 cookies."
                                + " How many cookies are left?",
                        "--thinking-budget",
                        "30",
                        "--max-tokens",
                        "90",
                        "--loop-detector",
                        "--timeout-ms",
                        "200000",
                        "--temperature",
                        "0",
                        "--format",
                        "json");
        Outcome outcome = run(arguments.toArray(String[]::new));
        assertEquals(0, outcome.status(), outcome.err());
        JsonNode json = new JsonMapper().readTree(outcome.out());
        String text = json.get("text").asString();
        int answerStart = json.get("answer_start").asInt();
        assertTrue(text.substring(0, answerStart).endsWith("<|end_of_thought|>"), text);
        int thought = json.get("thought_tokens").asInt();
        assertTrue(thought > 30 && thought < 50, "30 and the end marker, not " + thought);
        assertTrue(json.get("answer_tokens").asInt() > 5);
        assertTrue(json.get("ids").size() > thought + json.get("answer_tokens").asInt());
        assertEquals(
                ReflectionKeywords.count(text), json.get("keywords").get("total").asLong(), text);
        assertEquals(ReflectionKeywords.LIST_HASH, json.get("keywords").get("list").asString());
    }

    @Test
    void generateStreamsTextAndEndsAtAStopString() throws Exception {
        Outcome outcome =
                run(
                        "generate",
                        "--model",
                        DEMO.toString(),
                        "--prompt",
                        "Jonas starts with 6 coins. How many coins are left?",
                        "--max-tokens",
                        "60",
                        "--stop",
                        "boxed{");
        assertEquals(0, outcome.status(), outcome.err());
        assertEquals("The answer is \\\n", outcome.out());
        assertTrue(outcome.err().contains("device: cpu"), outcome.err());
        assertTrue(outcome.err().contains("finish: stop"), outcome.err());
        assertTrue(outcome.err().contains("tokens/s"), outcome.err());
    }

    @Test
    void adaptersAreChosenByNameAndMerged() throws Exception {
        Path first = TestAdapter.allLinear(GOLDEN, 8, 1).write(folder.resolve("first"));
        Path second = TestAdapter.allLinear(GOLDEN, 16, 2).write(folder.resolve("second"));
        Path merged = folder.resolve("merged");
        String both = "--adapter=first=" + first + " --adapter=second=" + second + " ";
        List<Integer> base = ids(GOLDEN, "");
        List<Integer> applied = ids(GOLDEN, both + "--use=second");
        assertEquals(base, ids(GOLDEN, both));
        assertNotEquals(base, applied);
        assertNotEquals(ids(GOLDEN, both + "--use=first"), applied);
        Outcome merge =
                run(
                        "merge",
                        "--model",
                        "" + GOLDEN,
                        "--adapter",
                        "" + second,
                        "--out",
                        "" + merged);
        assertEquals(0, merge.status(), merge.err());
        assertTrue(merge.err().contains("rank up to 16"), merge.err());
        assertEquals(applied, ids(merged, ""));
        Outcome again =
                run("merge", "--model", "" + GOLDEN, "--adapter", "" + first, "--out", "" + merged);
        assertEquals(2, again.status());
        assertTrue(again.err().contains("is not empty"), again.err());
    }

    private List<Integer> ids(Path model, String options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("generate", "--model", model.toString()));
        arguments.addAll(List.of("--prompt-ids=5,6,7", "--temperature=0", "--max-tokens=16"));
        arguments.addAll(List.of("--ignore-eos", "--format=json"));
        options.lines().flatMap(line -> Stream.of(line.trim().split(" +"))).forEach(arguments::add);
        arguments.removeIf(String::isEmpty);
        Outcome outcome = run(arguments.toArray(String[]::new));
        assertEquals(0, outcome.status(), outcome.err());
        return Goldens.integers(new JsonMapper().readTree(outcome.out()).get("ids"));
    }

    @Test
    void tokenizeAndInspect() throws Exception {
        Outcome tokens = run("tokenize", "--model", DEMO.toString(), "--text", "<|im_end|>");
        assertEquals(0, tokens.status(), tokens.err());
        assertTrue(tokens.out().matches("\\d+\n"), tokens.out());
        Outcome plan = run("inspect", "--model", DEMO.toString());
        assertEquals(0, plan.status(), plan.err());
        assertTrue(plan.out().contains("KV cache") && plan.out().contains("(fits)"), plan.out());
    }

    @Test
    void tokenizeRendersConversations() throws Exception {
        Path file =
                Files.writeString(folder.resolve("chat"), "{\"messages\":[{\"role\":\"user\"}]}");
        String arguments = "tokenize --format json --model %s --messages %s".formatted(DEMO, file);
        assertEquals(2, run(arguments.split(" ")).status());
        Files.writeString(file, Files.readString(file).replace("}]", ", \"content\": \"17\"}]"));
        String printed = run(arguments.split(" ")).out();
        assertTrue(printed.contains("user\\n17<|im_end|>\\n<|im_start|>assistant\\n\",\"ids\":["));
    }

    @Test
    void completionIsAScriptOfBash() throws Exception {
        Outcome script = run("completion");
        assertEquals(0, script.status(), script.err());
        Path file = Files.writeString(folder.resolve("completion"), script.out());
        Process bash = new ProcessBuilder("bash", "-n", file.toString()).inheritIO().start();
        assertEquals(0, bash.waitFor());
        assertTrue(script.out().contains("--thinking-budget"));
    }

    @Test
    void aPromptIsPiped() throws Exception {
        String[] generate = {
            "generate", "--model", DEMO.toString(), "--max-tokens", "9", "--temperature", "0"
        };
        File out = folder.resolve("out").toFile();
        Outcome piped = run(List.of(), out, "How many coins?\n", generate);
        assertEquals(0, piped.status(), piped.err());
        List<String> same = new ArrayList<>(List.of(generate));
        same.addAll(List.of("--prompt", "How many coins?"));
        assertEquals(run(same.toArray(String[]::new)).out(), piped.out());
        same.addAll(List.of("--system", "Be brief.", "--format", "json"));
        Outcome instructed = run(same.toArray(String[]::new));
        assertTrue(
                new JsonMapper().readTree(instructed.out()).get("prompt_ids").size() > 8,
                instructed.out());
        Outcome empty = run(generate);
        assertEquals(2, empty.status());
        assertTrue(empty.err().contains("standard input is empty"), empty.err());
    }

    /** Text goes through whole in a locale of ASCII; a path that it cannot name is refused. */
    @Test
    void argumentsBeyondAscii() throws Exception {
        String model = DEMO.toString();
        locale = "C.UTF-8";
        Outcome utf8 = run("tokenize", "--model", model, "--text", "Grüße, 日本");
        locale = "C";
        Outcome ascii = run("tokenize", "--model", model, "--text", "Grüße, 日本");
        assertEquals(0, ascii.status(), ascii.err());
        assertEquals(utf8.out(), ascii.out());
        Outcome path = run("tokenize", "--model", "/tmp/mödel", "--text", "x");
        assertEquals(2, path.status());
        assertTrue(path.err().contains("no file name '/tmp/mödel'"), path.err());
    }

    @Test
    void chatRemembersUntilReset() throws Exception {
        Outcome outcome =
                run(
                        List.of(),
                        folder.resolve("out").toFile(),
                        "Mia has 3 pens.\n\n/reset\nLeo has 4 pens. How many?\n/exit\n",
                        "chat",
                        "--model",
                        DEMO.toString(),
                        "--max-tokens",
                        "20");
        assertEquals(0, outcome.status(), outcome.err());
        assertEquals(2, outcome.out().lines().count(), outcome.out());
        assertEquals(2, outcome.err().lines().filter(l -> l.contains("tokens/s")).count());
    }

    @Test
    void demoRunsInASmallHeapAndLeavesNoFiles() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Outcome outcome =
                run(
                        List.of("-Xmx128m", "-Djava.io.tmpdir=" + temporary),
                        folder.resolve("out").toFile(),
                        "",
                        "demo");
        assertEquals(0, outcome.status(), outcome.err());
        assertTrue(outcome.out().contains("210 held-out problems:"), outcome.out());
        double[] base = demoRow(outcome.out(), "base");
        double[] adapter = demoRow(outcome.out(), "with adapter");
        assertTrue(adapter[0] >= base[0] + 20, "points of accuracy: " + outcome.out());
        assertTrue(adapter[1] > 2 * base[1], "tokens per answer: " + outcome.out());
        assertTrue(adapter[2] > 1 && base[2] == 0, "keywords per answer: " + outcome.out());
        assertTrue(outcome.out().contains("output tokens/s"), outcome.out());
        assertTrue(outcome.out().contains("peak memory"), outcome.out());
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(
                    List.of(),
                    left.filter(path -> path.getFileName().toString().startsWith("longhand"))
                            .toList());
        }
    }

    /** Accuracy in percent, tokens per answer and keywords per answer. */
    private static double[] demoRow(String output, String name) {
        Matcher row =
                Pattern.compile(
                                "^" + name + " +\\d+ of +\\d+ +([\\d.]+) % +([\\d.]+) +([\\d.]+)$",
                                Pattern.MULTILINE)
                        .matcher(output);
        assertTrue(row.find(), output);
        return new double[] {
            Double.parseDouble(row.group(1)),
            Double.parseDouble(row.group(2)),
            Double.parseDouble(row.group(3))
        };
    }

    @Test
    void aFullDiskIsOneClearError() throws Exception {
        File full = new File("/dev/full");
        Assumptions.assumeTrue(full.exists(), "skipped: needs /dev/full");
        for (String format : List.of("text", "json")) {
            Outcome outcome =
                    run(
                            List.of(),
                            full,
                            "",
                            "generate",
                            "--model",
                            GOLDEN.toString(),
                            "--prompt-ids",
                            "1,2",
                            "--max-tokens",
                            "3",
                            "--format",
                            format);
            assertEquals(2, outcome.status());
            assertTrue(outcome.err().contains("cannot write the output"), outcome.err());
            assertFalse(outcome.err().contains("\tat "), outcome.err());
        }
    }

    @Test
    void debugPrintsTheStackTrace() throws Exception {
        Outcome outcome = run("--debug", "inspect", "--model", folder.resolve("no").toString());
        assertEquals(2, outcome.status());
        assertTrue(outcome.err().contains("\tat "), outcome.err());
    }
}
