package dev.longhand.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Wrong arguments of benchmarks end in one line before anything is generated. */
class JmhCommandTest {
    @TempDir private Path folder;

    private record Outcome(int status, String out, String err) {}

    private static Outcome run(String... arguments) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream oldOut = System.out;
        PrintStream oldErr = System.err;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            int status = JmhCommand.run(arguments);
            return new Outcome(
                    status,
                    out.toString(StandardCharsets.UTF_8),
                    err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(oldOut);
            System.setErr(oldErr);
        }
    }

    private void refused(String message, String benchmark, String... parameters)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of(benchmark, "-p", "cache=" + folder));
        for (String each : parameters) {
            arguments.addAll(List.of("-p", each));
        }
        Outcome outcome = run(arguments.toArray(String[]::new));
        assertEquals(2, outcome.status(), outcome.err());
        assertTrue(outcome.err().contains(message), outcome.err());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        try (Stream<Path> written = Files.list(folder)) {
            assertEquals(0, written.count());
        }
    }

    @Test
    void namesThatNoBenchmarkHas() throws IOException {
        refused("DecodeBenchmark has no parameter 'contex'; it has", "DecodeBenchmark", "contex=0");
        refused("there is no benchmark Decod3; there are", "Decod3");
        refused("no regular expression", "[");
    }

    @Test
    void valuesThatNoBenchmarkTakes() throws IOException {
        refused("shape '0.5bb' is unknown", "DecodeBenchmark", "shape=0.5bb");
        refused("context must be a number", "DecodeBenchmark", "context=0,x");
        refused("context must be at least 0", "DecodeBenchmark", "context=-1");
        refused("weights 'int3' is unknown", "PrefillBenchmark", "weights=int3");
        refused("prompt must be at least 1", "PrefillBenchmark", "prompt=0");
        refused("kv 'int4' is unknown", "LongGenerationBenchmark", "kv=int4");
        refused("adapter must be NONE or", "LongGenerationBenchmark", "adapter=NON");
        refused("adapters must be in 0..8", "AdapterBenchmark", "adapters=0,9");
        refused("scale must be above 0", "WorkloadBenchmark", "scale=0");
        refused("device 'tpu' is unknown", "PrefillBenchmark", "device=tpu");
        refused("'/no/model' is no folder", "DecodeBenchmark", "model=/no/model");
    }

    @Test
    void modelsNeedAPlace() throws IOException {
        Outcome outcome = run("DecodeBenchmark");
        assertEquals(2, outcome.status());
        assertTrue(outcome.err().contains("name a model, or a cache folder"), outcome.err());
    }

    /** The cost is said first; metrics beside the time have the names of the reports. */
    @Test
    void aRun() throws IOException {
        String[] arguments = {
            "DecodeBenchmark",
            "-f",
            "0",
            "-wi",
            "0",
            "-i",
            "2",
            "-r",
            "100ms",
            "-p",
            "shape=tiny",
            "-p",
            "cache=" + folder,
            "-p",
            "context=0",
            "-p",
            "device=reference"
        };
        Outcome outcome = run(arguments);
        assertEquals(0, outcome.status(), outcome.err());
        String first = outcome.err().lines().findFirst().orElseThrow();
        assertTrue(first.matches("1 run, writes .*tiny.* first, 0.04 GB; about .* in all"), first);
        for (String metric : List.of("tokens/s", "% of bandwidth", "MB/token", "p0.50 ms/op")) {
            assertTrue(
                    outcome.out().lines().anyMatch(line -> line.startsWith("  " + metric + " ")),
                    outcome.out());
        }
        assertFalse(outcome.out().lines().anyMatch(line -> line.length() > 120), outcome.out());
        assertTrue(run(arguments).err().startsWith("1 run, about"), "the second writes nothing");
    }

    @Test
    void parametersAmongArguments() {
        assertEquals(
                Set.of("a", "b"),
                JmhCommand.parameters("X", "-p", "a=1,2", "-pb=3", "-prof", "gc", "-p"));
    }

    @Test
    void longLinesAreFolded() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (NarrowStream narrow = new NarrowStream(bytes)) {
            String words = "ä2345678 ".repeat(20) + "\n" + "x".repeat(300) + "\nshort\n";
            narrow.write(words.getBytes(StandardCharsets.UTF_8));
        }
        List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
        assertTrue(lines.stream().allMatch(line -> line.length() <= 120), lines.toString());
        assertEquals("ä2345678 ".repeat(13), lines.getFirst());
        assertEquals("short", lines.getLast());
        assertEquals(
                300, String.join("", lines).chars().filter(character -> character == 'x').count());
    }
}
