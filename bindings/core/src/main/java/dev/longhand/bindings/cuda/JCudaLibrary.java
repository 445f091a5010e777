package dev.longhand.bindings.cuda;

import jcuda.driver.JCudaDriver;

/** JCuda's driver API, bound to one {@code libcuda.so.1}. */
final class JCudaLibrary {
    private static boolean loaded;

    private JCudaLibrary() {}

    /**
     * Binds JCuda to a library, once.
     *
     * @throws CudaUnavailableException if JCuda or the library cannot be loaded, or this process
     *     uses another library
     */
    static synchronized void load(CudaLibrary library) {
        library.load();
        if (!loaded) {
            JCudaNatives.load("JCudaDriver", "JCuda's native library", JCudaLibrary::initialize);
            loaded = true;
        }
    }

    /** Makes JCuda return statuses, because its own exceptions carry none. */
    private static void initialize() {
        JCudaDriver.setExceptionsEnabled(false);
    }
}
