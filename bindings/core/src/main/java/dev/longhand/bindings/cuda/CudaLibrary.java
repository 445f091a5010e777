package dev.longhand.bindings.cuda;

import java.nio.file.Path;

/**
 * The {@code libcuda.so.1} to use. A process can use only one, because JCuda binds to the first one
 * loaded.
 *
 * @param name the system's library by its bare name, or an absolute path
 */
public record CudaLibrary(String name) {
    /** The file name and the SONAME of a CUDA driver library. */
    static final String SONAME = "libcuda.so.1";

    /**
     * Creates a library from either form of name.
     *
     * @throws IllegalArgumentException if the name is neither of them
     */
    public CudaLibrary {
        if (!name.equals(SONAME) && !Path.of(name).isAbsolute()) {
            throw new IllegalArgumentException(
                    "neither " + SONAME + " nor an absolute path: " + name);
        }
    }

    /** The library that the system's loader finds: NVIDIA's driver. */
    public static CudaLibrary system() {
        return new CudaLibrary(SONAME);
    }

    /** A file whose SONAME is {@code libcuda.so.1}. */
    public static CudaLibrary at(Path path) {
        return new CudaLibrary(path.toAbsolutePath().normalize().toString());
    }

    /**
     * Maps the library for the rest of the process, at most once; its file may be deleted
     * afterwards.
     *
     * @throws CudaUnavailableException if it cannot be mapped, or this process uses another
     */
    public void load() {
        CudaProcess.use(this);
    }

    boolean isSystem() {
        return name.equals(SONAME);
    }
}
