package dev.longhand.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaProbe;
import dev.longhand.bindings.ptx.PtxAvailability;
import dev.longhand.bindings.ptx.PtxDevice;
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
                Optional<Path> compiler = onPath("cc", "gcc", "clang");
                if (compiler.isPresent()) {
                    fail("%s is there, yet: %s".formatted(compiler.get(), absent.cause()));
                }
                Assumptions.abort("skipped: " + absent.cause());
                yield null;
            }
        };
    }

    /** The PTX device; skips the test where no compiler could build it, else fails without it. */
    public static PtxDevice ptxDevice() {
        return switch (PtxDevice.availability()) {
            case PtxAvailability.Present present -> present.device();
            case PtxAvailability.Absent absent -> {
                Optional<Path> compiler = onPath("c++", "g++", "clang++");
                if (compiler.isPresent()) {
                    fail("%s is there, yet: %s".formatted(compiler.get(), absent.cause()));
                }
                Assumptions.abort("skipped: " + absent.cause());
                yield null;
            }
        };
    }

    /** Skips the test without a GPU. */
    public static void requireGpu() {
        if (CudaProbe.probe() instanceof CudaAvailability.Absent(String cause, String _)) {
            Assumptions.abort("skipped: no GPU, " + cause);
        }
    }

    private static Optional<Path> onPath(String... names) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> Arrays.stream(names).map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
