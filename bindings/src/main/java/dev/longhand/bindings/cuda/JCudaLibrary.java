package dev.longhand.bindings.cuda;

import dev.longhand.bindings.library.PackedLibrary;

import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.JCudaDriver;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;

/**
 * JCuda's native half. Left alone, JCuda unpacks it to a fixed name in the common temporary folder
 * and loads whatever already lies there. It looks that folder up in {@code java.io.tmpdir} while
 * its class initialises; for just that long the property names a private folder where the library
 * has been unpacked. (The JDK itself reads the property once, earlier.) A library of that name on
 * {@code java.library.path} still goes first: that is the user's word.
 */
final class JCudaLibrary {
    private static final String FOLDER_PROPERTY = "java.io.tmpdir";

    private static boolean loaded;

    private JCudaLibrary() {}

    /**
     * Binds JCuda to a library, once.
     *
     * @throws CudaUnavailableException if either cannot be loaded, or another is in use
     */
    static synchronized void load(CudaLibrary library) {
        library.load();
        if (loaded) {
            return;
        }
        String name = "JCudaDriver-" + JCudaVersion.get();
        String file = LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(name));
        try {
            boolean packed =
                    PackedLibrary.load(
                            LibUtils.class.getClassLoader().getResourceAsStream("lib/" + file),
                            file,
                            JCudaLibrary::initializeFrom);
            if (!packed) {
                initialize();
            }
        } catch (IOException | LinkageError e) {
            throw new CudaUnavailableException(
                    "JCuda's native library cannot be loaded: " + e.getMessage(),
                    "check that %s is on the class path and the temporary folder can be written"
                            .formatted(file),
                    e);
        }
        loaded = true;
    }

    private static void initializeFrom(Path file) {
        String before = System.getProperty(FOLDER_PROPERTY);
        System.setProperty(FOLDER_PROPERTY, String.valueOf(file.getParent()));
        try {
            initialize();
        } finally {
            restore(before);
        }
    }

    private static void restore(@Nullable String before) {
        if (before == null) {
            System.clearProperty(FOLDER_PROPERTY);
        } else {
            System.setProperty(FOLDER_PROPERTY, before);
        }
    }

    /** Its exceptions carry no status, so it returns statuses and we make the exceptions. */
    private static void initialize() {
        JCudaDriver.setExceptionsEnabled(false);
    }
}
