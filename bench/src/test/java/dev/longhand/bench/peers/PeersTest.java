package dev.longhand.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bench.Bench;
import dev.longhand.bench.checkpoint.QwenShape;
import dev.longhand.bench.checkpoint.RandomCheckpoint;
import dev.longhand.bench.cli.CommandLines;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.status.LoadProgress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;

/** The comparison beside llama.cpp, with a stand-in for its benchmark program. */
class PeersTest {
    private static final Path MEASUREMENTS =
            Path.of(System.getProperty("longhand.module.directory", "."), "measurements");

    @TempDir private Path folder;

    /**
     * A program that prints what llama-bench prints: half a token per second, whatever is asked.
     */
    private Path standIn(String body) throws IOException {
        Path program = Files.writeString(folder.resolve("llama-bench"), "#!/bin/sh\n" + body);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return program;
    }

    @Test
    void aTableOfBothEngines() throws IOException {
        Path program =
                standIn(
                        "echo \"$@\" >> %s/arguments\n".formatted(folder)
                                + "echo '[{\"build_commit\": \"abc\", \"build_number\": 7,"
                                + " \"n_depth\": 0, \"avg_ts\": 0.5}]'\n");
        Path csv = folder.resolve("peers.csv");
        String[] arguments = {
            "peers",
            "--llama-bench",
            program.toString(),
            "--cache",
            folder + "/cache",
            "--shapes",
            "tiny",
            "--weights",
            "bf16,int4",
            "--contexts",
            "0,70",
            "--prompt",
            "16",
            "--steps",
            "2",
            "--rounds",
            "1",
            "--threads",
            "2",
            "--csv",
            csv.toString(),
            "--llama-options",
            "-fa 1"
        };
        assertEquals(0, CommandLines.run(new Bench(), arguments));
        PeerTable table = PeerTable.read(csv);
        assertTrue(table.conditions().contains("llama.cpp build 7 (abc)"));
        assertEquals(6, table.cells().size());
        PeerCell cell = table.cells().get(1);
        assertEquals("tiny, context 70", cell.row());
        assertEquals("bf16 beside BF16", cell.column());
        assertEquals(2000, cell.llamaCpp());
        assertTrue(cell.longhand() > 0 && cell.speedup() == 2000 / cell.longhand());
        List<String> asked = Files.readAllLines(folder.resolve("arguments"));
        String gguf = folder + "/cache/qwen2.5-tiny-random-1-BF16.gguf";
        assertEquals("-m " + gguf + " -t 2 -r 1 -o json -p 16 -n 0 -fa 1", asked.getFirst());
        assertEquals("-m " + gguf + " -t 2 -r 1 -o json -p 0 -n 2 -d 70 -fa 1", asked.get(2));
    }

    @Test
    void withoutLlamaCpp() throws IOException {
        error(
                "'/no/llama-bench' is not llama.cpp's llama-bench; build it",
                () -> new LlamaBench(Path.of("/no/llama-bench"), 2, List.of()));
        LlamaBench failing =
                new LlamaBench(standIn("echo a >&2; echo no model >&2; exit 3\n"), 2, List.of());
        error(
                "llama-bench failed with status 3: no model",
                () -> {
                    try {
                        failing.prefill(folder, 16);
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        error("printed other JSON", () -> LlamaBench.speed("[]"));
        error("printed other JSON", () -> LlamaBench.speed("no JSON"));
    }

    private static void error(String beginning, Runnable wrong) {
        String message = assertThrows(InputException.class, wrong::run).getMessage();
        assertTrue(message.contains(beginning), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void aFileThatLlamaCppReads() throws IOException {
        Path model = RandomCheckpoint.cached(folder, QwenShape.TINY, 1, LoadProgress.SILENT);
        Path gguf = GgufFile.cached(model, GgufType.Q8_0);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(gguf)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[4];
        bytes.get(magic);
        assertEquals("GGUF", new String(magic, StandardCharsets.US_ASCII));
        assertEquals(3, bytes.getInt());
        // embedding and last norm, and of two layers 4 + 3 matrices, 3 biases and 2 norms
        assertEquals(2 + 2 * 12, bytes.getLong());
        assertEquals(12, bytes.getLong());
        assertEquals(0, bytes.capacity() % 32);
    }

    /** Blocks decode to their weights within half a step of the largest weight's scale. */
    @Test
    void blocks() {
        float[] block = new float[32];
        Random random = new Random(3);
        float largest = 0;
        for (int i = 0; i < block.length; i++) {
            block[i] = (float) random.nextGaussian();
            largest = Math.max(largest, Math.abs(block[i]));
        }
        ByteBuffer q8 = ByteBuffer.allocate(34).order(ByteOrder.LITTLE_ENDIAN);
        GgufType.Q8_0.encode(block, q8);
        ByteBuffer q4 = ByteBuffer.allocate(18).order(ByteOrder.LITTLE_ENDIAN);
        GgufType.Q4_0.encode(block, q4);
        float scale8 = Float.float16ToFloat(q8.flip().getShort());
        float scale4 = Float.float16ToFloat(q4.flip().getShort());
        for (int i = 0; i < block.length; i++) {
            assertEquals(block[i], scale8 * q8.get(2 + i), largest / 127 * 0.6);
            int codes = q4.get(2 + i % 16);
            int code = (i < 16 ? codes : codes >> 4) & 15;
            // the far side of the largest weight ends at code 15
            assertEquals(block[i], scale4 * (code - 8), largest / 8 * 1.01);
        }
    }

    /** The chart of the front page is the one that its measurements make. */
    @Test
    void theChartIsCurrent() throws IOException {
        Path csv = MEASUREMENTS.resolve("llama-cpp-2026-11-26.csv");
        Path chart = folder.resolve("decode.svg");
        String[] arguments = {"peer-chart", csv.toString(), "--out", chart.toString()};
        assertEquals(0, CommandLines.run(new Bench(), arguments));
        assertEquals(Files.readString(MEASUREMENTS.resolve("decode.svg")), Files.readString(chart));
        PeerTable table = PeerTable.read(csv);
        Path copy = folder.resolve("copy.csv");
        table.write(copy);
        assertEquals(table, PeerTable.read(copy));
        assertTrue(table.markdown().contains("| 0.5b, context 16,384 |"));
        assertTrue(table.markdown().contains("| 224, 31.5: **7.11x** |"));
    }

    @Test
    void wrongMeasurements() throws IOException {
        Path csv = folder.resolve("wrong.csv");
        Files.writeString(csv, "0.5b,bf16,BF16,decode,0\n");
        error("'0.5b,bf16,BF16,decode,0' is not a measurement", () -> PeerTable.read(csv));
        Files.writeString(csv, "0.5b,bf16,BF16,sleep,0,1,2\n");
        error("is not a measurement", () -> PeerTable.read(csv));
        error("cannot be read", () -> PeerTable.read(folder.resolve("none.csv")));
    }
}
