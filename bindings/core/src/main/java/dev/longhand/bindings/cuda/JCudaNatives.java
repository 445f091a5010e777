package dev.longhand.bindings.cuda;

import dev.longhand.bindings.library.PackedLibrary;

import jcuda.JCudaVersion;
import jcuda.LibUtils;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;

/**
 * JCuda's native libraries. By default JCuda unpacks each to a fixed name in the common temporary
 * folder and loads any file that is already there. It reads that folder from {@code java.io.tmpdir}
 * while one of its classes initialises; during that time only, the property names a private folder
 * that holds the unpacked library. (The JDK itself has read the property before.) A library of that
 * name on {@code java.library.path} still takes precedence, because the user put it there.
 */
final class JCudaNatives {
    private static final String FOLDER_PROPERTY = "java.io.tmpdir";

    private JCudaNatives() {}

    /** Whether JCuda's classes can be loaded; a library user adds them only for a GPU. */
    static boolean onClassPath() {
        try {
            Class.forName("jcuda.LibUtils", false, JCudaNatives.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /**
     * Loads a library; one at a time, because the property is changed meanwhile.
     *
     * @param name without version and platform, for example {@code JCudaDriver}
     * @param what the library in words
     * @param initialize initialises the class that loads it
     * @throws CudaUnavailableException if it cannot be loaded
     */
    static synchronized void load(String name, String what, Runnable initialize) {
        String platformName = LibUtils.createPlatformLibraryName(name + "-" + JCudaVersion.get());
        String file = LibUtils.createLibraryFileName(platformName);
        try {
            boolean packed =
                    PackedLibrary.load(
                            LibUtils.class.getClassLoader().getResourceAsStream("lib/" + file),
                            file,
                            library -> initializeFrom(library, initialize));
            if (!packed) {
                initialize.run();
            }
        } catch (IOException | LinkageError e) {
            throw new CudaUnavailableException(
                    "%s cannot be loaded: %s".formatted(what, e.getMessage()),
                    "check that %s (dev.longhand:longhand-cuda brings it) is on the class path and the"
                                    .formatted(file)
                            + " temporary folder can be written",
                    e);
        }
    }

    private static void initializeFrom(Path file, Runnable initialize) {
        String before = System.getProperty(FOLDER_PROPERTY);
        System.setProperty(FOLDER_PROPERTY, String.valueOf(file.getParent()));
        try {
            initialize.run();
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
}
