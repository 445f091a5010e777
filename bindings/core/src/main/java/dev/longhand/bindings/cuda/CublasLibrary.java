package dev.longhand.bindings.cuda;

import jcuda.LibUtils;
import jcuda.jcublas.JCublas2;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;

/**
 * JCublas, bound to NVIDIA's {@code libcublas.so.12}, which is optional. The jar and the library
 * are looked up first, because without them JCublas's classes fail to initialise permanently.
 */
final class CublasLibrary {
    /**
     * The bare name for the system's loader, then the usual toolkit folder, which the loader may
     * not search.
     */
    static final List<String> NAMES =
            List.of("libcublas.so.12", "/usr/local/cuda/lib64/libcublas.so.12");

    private static final String CLASS_FILE = "jcuda/jcublas/JCublas2.class";

    private static boolean loaded;

    private CublasLibrary() {}

    /**
     * Binds JCublas to the first of these libraries that can be mapped, once.
     *
     * @throws CudaUnavailableException saying what is missing
     */
    static synchronized void load(List<String> names) {
        if (loaded) {
            return;
        }
        if (LibUtils.class.getClassLoader().getResource(CLASS_FILE) == null) {
            throw new CudaUnavailableException(
                    "JCublas is not on the class path",
                    "add org.jcuda:jcublas and org.jcuda:jcublas-natives (linux-x86_64), 12.6.0");
        }
        if (names.stream().noneMatch(CublasLibrary::map)) {
            throw new CudaUnavailableException(
                    "cuBLAS cannot be loaded from " + String.join(" or ", names),
                    "install cuBLAS of CUDA 12 and name its folder in LD_LIBRARY_PATH");
        }
        JCudaNatives.load("JCublas2", "JCublas's native library", CublasLibrary::initialize);
        loaded = true;
    }

    /** Maps a library permanently: JCublas's native half then finds it by its SONAME. */
    private static boolean map(String name) {
        try {
            SymbolLookup.libraryLookup(name, Arena.global());
            return true;
        } catch (IllegalArgumentException e) {
            return false; // the caller names all candidates
        }
    }

    /** Makes JCublas return statuses, because its own exceptions carry none. */
    private static void initialize() {
        JCublas2.setExceptionsEnabled(false);
    }
}
