package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The way from Java through JCublas to a libcublas, over stubs of it and of the driver. What it is
 * on a GPU only a GPU can say.
 */
class CublasGemmTest {
    @TempDir private Path folder;
    private Path driver;

    @BeforeEach
    void buildTheDriver() throws Exception {
        StubProcess.assumeCompiler();
        driver =
                StubProcess.build(
                        folder, "stub_driver.c", "libcuda.so.1", "-Wl,-soname,libcuda.so.1");
    }

    private Path cublas() throws Exception {
        return StubProcess.build(
                folder,
                "stub_cublas.c",
                "libcublas.so.12",
                "-Wl,-soname,libcublas.so.12",
                "-Wl,--default-symver"); // JCublas asks for functions of that version
    }

    /** Runs a case and returns the classes that its process loaded. */
    private String classes(String name, Path... libraries) throws Exception {
        Path log = folder.resolve("classes.log");
        List<String> options = List.of("-Xlog:class+load:file=" + log);
        StubProcess.run(folder, options, CublasCases.class, name, libraries);
        return Files.readString(log);
    }

    @Test
    void productsArriveRowMajor() throws Exception {
        String classes = classes("products", driver, cublas());
        assertTrue(classes.contains(" jcuda.jcublas.JCublas2 "), "the log names its classes");
    }

    @Test
    void statusesBecomeExceptions() throws Exception {
        classes("failures", driver, cublas());
    }

    @Test
    void whatIsMissingIsSaidAndNothingLoaded() throws Exception {
        assertFalse(classes("absent", driver).contains(" jcuda.jcublas."));
    }

    @Test
    void nothingOfItIsLoadedUnasked() throws Exception {
        assertFalse(classes("notAsked", driver).contains(" jcuda.jcublas."));
    }
}
