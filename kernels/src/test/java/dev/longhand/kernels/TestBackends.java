package dev.longhand.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.cpu.CpuBackend;

import org.junit.jupiter.api.Assumptions;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The backends that this machine must have: with a C compiler around, the CPU one is not optional.
 */
public final class TestBackends {
    private TestBackends() {}

    /** The CPU library; skips the test where no compiler could build it, else fails without it. */
    public static CpuLibrary cpuLibrary() {
        return switch (CpuBackend.availability()) {
            case CpuAvailability.Present present -> present.library();
            case CpuAvailability.Absent absent -> {
                Optional<Path> compiler = compiler();
                if (compiler.isPresent()) {
                    fail("%s is there, yet: %s".formatted(compiler.get(), absent.cause()));
                }
                Assumptions.abort("skipped: " + absent.cause());
                yield null;
            }
        };
    }

    private static Optional<Path> compiler() {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(
                        folder ->
                                Arrays.stream(new String[] {"cc", "gcc", "clang"})
                                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
