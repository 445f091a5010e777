package dev.longhand.bindings.cuda;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

/**
 * The whole way from Java to a driver, JCuda and the generated bindings included, over a stub. As a
 * process binds to one driver for good, each case is a process of its own; see {@link StubCases}.
 */
class LoadedCudaDriverTest {
    @TempDir private Path folder;
    private Path driver;

    @BeforeEach
    void buildTheStub() throws Exception {
        StubProcess.assumeCompiler();
        driver = build("libcuda.so.1", "-Wl,-soname,libcuda.so.1");
    }

    private Path build(String file, String... options) throws Exception {
        return StubProcess.build(folder, "stub_driver.c", file, options);
    }

    private void run(String name, Path... libraries) throws Exception {
        StubProcess.run(folder, List.of(), StubCases.class, name, libraries);
    }

    @Test
    void everyCallArrives() throws Exception {
        run("everyCall", driver);
    }

    @Test
    void queueingWorkAllocatesNothing() throws Exception {
        run("allocations", driver);
    }

    @Test
    void statusesBecomeExceptions() throws Exception {
        run("failures", driver);
    }

    @Test
    void threadsTakeTurns() throws Exception {
        run("threads", driver);
    }

    @Test
    void aSecondLibraryIsRefused() throws Exception {
        run("secondLibrary", driver, build("other.so", "-Wl,-soname,libcuda.so.1"));
    }

    @Test
    void aLibraryOfAnotherNameIsRefused() throws Exception {
        run("otherName", build("libcuda-other.so"));
    }
}
