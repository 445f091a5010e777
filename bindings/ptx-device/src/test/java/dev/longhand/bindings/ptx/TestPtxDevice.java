package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Assumptions;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/** The PTX device, which this machine must have if there is a C++ compiler on it. */
final class TestPtxDevice {
    private TestPtxDevice() {}

    /** Skips the test where no compiler could build the device, else fails without it. */
    static PtxDevice get() {
        return switch (PtxDevice.availability()) {
            case PtxAvailability.Present present -> present.device();
            case PtxAvailability.Absent absent -> {
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
                                Stream.of("c++", "g++", "clang++")
                                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
