package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.cuda.CublasGemm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/** The stub of libcublas from the bindings' tests, installed as this process's cuBLAS. */
final class StubCublas {
    private static final String SOURCE =
            "../../bindings/core/src/test/resources/dev/longhand/bindings/cuda/stub_cublas.c";

    private final Path library;

    /** Builds the stub in a folder; it stays loaded as long as the process. */
    StubCublas(Path folder) throws IOException, InterruptedException {
        Path source = Path.of(System.getProperty("longhand.module.directory")).resolve(SOURCE);
        library = folder.resolve("libcublas.so.12");
        List<String> command =
                List.of(
                        "cc",
                        "-shared",
                        "-fPIC",
                        "-O2",
                        "-w",
                        "-Wl,-soname,libcublas.so.12",
                        "-Wl,--default-symver",
                        "-o",
                        library.toString(),
                        source.normalize().toString(),
                        "-ldl");
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
        System.setProperty(CublasGemm.LIBRARY_PROPERTY, library.toString());
    }

    /** Returns the number of open handles. */
    int live() throws Throwable {
        return count("stub_cublas_live");
    }

    /** Returns the number of products so far. */
    int products() throws Throwable {
        return count("stub_cublas_products");
    }

    /** Makes calls return a status from now on; 0 is success. */
    void fail(int status) throws Throwable {
        Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.libraryLookup(library, Arena.global())
                                .findOrThrow("stub_cublas_fail"),
                        FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                .invokeExact(status);
    }

    private int count(String function) throws Throwable {
        return (int)
                Linker.nativeLinker()
                        .downcallHandle(
                                SymbolLookup.libraryLookup(library, Arena.global())
                                        .findOrThrow(function),
                                FunctionDescriptor.of(ValueLayout.JAVA_INT))
                        .invokeExact();
    }
}
