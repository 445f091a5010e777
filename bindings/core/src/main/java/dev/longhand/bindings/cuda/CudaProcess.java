package dev.longhand.bindings.cuda;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;

/**
 * The {@code libcuda.so.1} that this process uses. JCuda's library and the generated bindings both
 * open it by that bare name, and the system's loader returns a library of that SONAME that is
 * already loaded. So a file is loaded by its path before either of them, and then checked to be the
 * one that the bare name finds.
 */
final class CudaProcess {
    private static @Nullable CudaLibrary used;

    private CudaProcess() {}

    /** The library in use, or null while there is none. */
    static synchronized @Nullable CudaLibrary used() {
        return used;
    }

    /**
     * Maps a library, once.
     *
     * @throws CudaUnavailableException if it cannot be mapped, or this process uses another library
     */
    static synchronized void use(CudaLibrary library) {
        if (library.equals(used)) {
            return;
        }
        if (used != null) {
            throw otherInUse(library, used.name());
        }
        if (!library.isSystem()) {
            try {
                System.load(library.name());
            } catch (UnsatisfiedLinkError e) {
                throw new CudaUnavailableException(
                        "%s cannot be loaded: %s".formatted(library.name(), e.getMessage()),
                        "check that the file exists and is built for this machine",
                        e);
            }
        }
        checkThatItAnswers(library);
        used = library;
    }

    static CudaUnavailableException otherInUse(CudaLibrary library, String other) {
        return new CudaUnavailableException(
                "this process uses %s, so it cannot use %s".formatted(other, library.name()),
                "start a second process for the second library");
    }

    private static void checkThatItAnswers(CudaLibrary library) {
        try (Arena arena = Arena.ofConfined()) {
            Optional<MemorySegment> byName = cuInit(CudaLibrary.SONAME, arena);
            if (byName.isEmpty()) {
                throw new CudaUnavailableException(
                        "no %s found that is a CUDA driver".formatted(library.name()),
                        "install an NVIDIA driver, or use Device.CPU");
            }
            if (!byName.equals(cuInit(library.name(), arena))) {
                throw otherInUse(library, "another " + CudaLibrary.SONAME + ", loaded earlier,");
            }
        }
    }

    private static Optional<MemorySegment> cuInit(String library, Arena arena) {
        try {
            // detached from the arena, so that segments of equal addresses are equal
            return SymbolLookup.libraryLookup(library, arena)
                    .find("cuInit")
                    .map(symbol -> MemorySegment.ofAddress(symbol.address()));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // no such library: the caller names it
        }
    }
}
