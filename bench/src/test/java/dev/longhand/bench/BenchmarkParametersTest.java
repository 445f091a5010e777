package dev.longhand.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bench.cli.CommandLines;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.cases.OpCase;
import dev.longhand.kernels.tensor.DType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.annotations.Param;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Parameters mean what they say, and wrong ones give one clear error. */
class BenchmarkParametersTest {
    @TempDir private Path folder;

    @Test
    void modelOrShapeAndCache() {
        assertEquals(folder, BenchModel.folder(folder.toString(), "none", ""));
        error("'/no/model' is no folder", () -> BenchModel.folder("/no/model", "0.5b", ""));
        error("shape 'huge' is unknown", () -> BenchModel.folder("", "huge", folder.toString()));
        error("nothing to run: name a model", () -> BenchModel.folder("", "0.5b", ""));
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
        return new LongGeneration.Setting(
                folder,
                "",
                Device.AUTO,
                0,
                weights,
                null,
                AdapterMode.NONE,
                batch,
                prompt,
                output,
                1024);
    }

    /** Every kind of case is among the defaults, each by a name that leads to one case. */
    @Test
    void kernelCases() throws ReflectiveOperationException {
        List<String> defaults =
                List.of(KernelBenchmark.class.getField("op").getAnnotation(Param.class).value());
        Set<Class<?>> kinds =
                defaults.stream()
                        .map(TimedCase::named)
                        .map(Object::getClass)
                        .collect(Collectors.toSet());
        assertEquals(Set.of(OpCase.class.getPermittedSubclasses()), kinds);
        error("'nothing' is part of the names of 0 cases", () -> TimedCase.named("nothing"));
        error("for example linear", () -> TimedCase.named("linear"));
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
