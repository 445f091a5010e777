package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

/**
 * The way from Java through JCublas to a libcublas, over stubs of it and of the driver. What it is
 * on a GPU only a GPU can say.
 */
class CublasGemmTest {
    private static final List<String> LOG_CLASSES = List.of("-Xlog:class+load");

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
                folder, "stub_cublas.c", "libcublas.so.12", "-Wl,-soname,libcublas.so.12");
    }

    @Test
    void productsArriveRowMajor() throws Exception {
        String output =
                StubProcess.run(
                        folder, LOG_CLASSES, CublasCases.class, "products", driver, cublas());
        assertTrue(output.contains(" jcuda.jcublas.JCublas2 "), "the log names its classes");
    }

    @Test
    void statusesBecomeExceptions() throws Exception {
        StubProcess.run(folder, List.of(), CublasCases.class, "failures", driver, cublas());
    }

    @Test
    void whatIsMissingIsSaidAndNothingLoaded() throws Exception {
        String output = StubProcess.run(folder, LOG_CLASSES, CublasCases.class, "absent", driver);
        assertFalse(output.contains(" jcuda.jcublas."), output);
    }

    @Test
    void nothingOfItIsLoadedUnasked() throws Exception {
        String output = StubProcess.run(folder, LOG_CLASSES, CublasCases.class, "notAsked", driver);
        assertFalse(output.contains(" jcuda.jcublas."), output);
    }
}
