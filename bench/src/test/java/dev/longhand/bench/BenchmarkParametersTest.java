package dev.longhand.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bench.adapters.AdapterMode;
import dev.longhand.bench.cli.CommandLines;
import dev.longhand.bench.generation.LongGeneration;
import dev.longhand.bench.kernels.KernelReport;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.summary.ShortReport;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Parameters mean what they say, and wrong ones give one clear error. */
class BenchmarkParametersTest {
    @TempDir private Path folder;

    @Test
    void modelOrShapeAndCache() {
        assertEquals(folder, model(folder.toString(), "none", "").folder());
        error("'/no/model' is no folder", () -> model("/no/model", "0.5b", "").folder());
        error("shape 'huge' is unknown", () -> model("", "huge", folder.toString()).folder());
        error("nothing to run: name a model", () -> model("", "0.5b", "").folder());
    }

    @Test
    void generation() {
        error(
                "the output a window or more; given 1024 and 1023",
                () -> setting(DType.BF16, 1, 512, 1023));
        error(
                "kept in BF16, as stored, or INT8 or INT4 or FP8, not F32",
                () -> setting(DType.F32, 1, 512, 2048));
        error("batch must be at least 1, not 0", () -> setting(DType.BF16, 0, 512, 2048));
        error("prompt must be at least 1, not 0", () -> setting(DType.BF16, 1, 0, 2048));
    }

    private LongGeneration.Setting setting(DType weights, int batch, int prompt, int output) {
        ModelChoice choice =
                new ModelChoice(folder.toString(), "", "", Device.AUTO, 0, weights, null);
        return new LongGeneration.Setting(choice, AdapterMode.NONE, batch, prompt, output, 1024);
    }

    private static ModelChoice model(String model, String shape, String cache) {
        return new ModelChoice(model, shape, cache, Device.AUTO, 0, DType.BF16, null);
    }

    @Test
    void dtypes() {
        assertEquals(DType.INT4, ModelChoice.weights("int4"));
        assertEquals(DType.BF16, ModelChoice.weights("BF16"));
        error("weights 'int3' is unknown; there are bf16", () -> ModelChoice.weights("int3"));
        assertNull(ModelChoice.kv(""));
        assertEquals(DType.INT8, ModelChoice.kv("int8"));
        error("kv 'int4' is unknown; there are f32, bf16, int8", () -> ModelChoice.kv("int4"));
    }

    /** Every command says how it is used, and none runs without being named. */
    @Test
    void everyCommandHelps() {
        Set<String> names = new CommandLine(new Bench()).getSubcommands().keySet();
        assertTrue(
                names.containsAll(List.of("decode", "training", "score", "help")),
                names.toString());
        for (String name : names) {
            assertEquals(0, CommandLines.run(new Bench(), name, "--help"), name);
        }
        assertEquals(2, CommandLines.run(new Bench()));
        assertEquals(2, CommandLines.run(new Bench(), "nothing"));
        assertEquals(0, CommandLines.run(new Bench(), "help", "decode"));
        assertEquals(0, CommandLines.run(new Bench(), "--version"));
        assertEquals(2, CommandLines.run(new Bench(), "decode", "--tokns", "3"));
        assertEquals(2, CommandLines.run(new Bench(), "batch", "--rounds", "0"));
    }

    @Test
    void commands() throws Exception {
        assertEquals(2, CommandLines.run(new ShortReport()));
        assertEquals(2, CommandLines.run(new KernelReport(), "--only", "nothing"));
        assertEquals(2, CommandLines.run(new KernelReport(), "--device", "tpu"));
        String[] few = {"--cache", folder + "/c", "--out", folder + "/o", "--tokens", "3"};
        assertEquals(2, CommandLines.run(new ShortReport(), few));
        try (Stream<Path> written = Files.list(folder)) {
            assertEquals(0, written.count());
        }
    }

    private static void error(String beginning, Runnable wrong) {
        String message = assertThrows(InputException.class, wrong::run).getMessage();
        assertTrue(message.contains(beginning), message);
        assertEquals(1, Arrays.stream(message.split("\n")).count());
    }
}
