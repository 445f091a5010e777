package dev.longhand.engine.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/**
 * The native library of Hugging Face's tokenizers, which DJL brings in its jar. DJL would unpack it
 * into a cache below the home or the temporary folder and load whatever file lies there under its
 * name. It is unpacked here instead, into a new folder that only this user can enter, and deleted
 * as soon as it is loaded: nobody can plant a file, and no file is ever half there.
 */
final class TokenizerLibrary {
    /** Name of an environment variable or system property: DJL loads this file. */
    private static final String CHOICE = "RUST_LIBRARY_PATH";

    private static boolean loaded; // guarded by the class

    private TokenizerLibrary() {}

    /**
     * Loads the library once. A file that the environment or the system properties name is used as
     * it is; so is DJL's cache on systems other than Linux and macOS.
     *
     * @throws InputException if it cannot be unpacked or loaded
     */
    static synchronized void load() {
        if (loaded) {
            return;
        }
        // Otherwise DJL looks for a CUDA build of its library and sends usage statistics.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("RUST_FLAVOR", "cpu");
        boolean chosen = System.getenv(CHOICE) != null || System.getProperty(CHOICE) != null;
        String file = System.mapLibraryName("tokenizers");
        try (InputStream packed =
                LibUtils.class.getResourceAsStream("/native/lib/" + platform() + "/cpu/" + file)) {
            if (chosen || packed == null) {
                LibUtils.checkStatus();
            } else {
                unpackAndLoad(packed, file);
            }
        } catch (IOException | RuntimeException | LinkageError e) {
            Throwable reason = e instanceof ExceptionInInitializerError ? e.getCause() : e;
            throw new InputException(
                    ("the tokenizer library cannot be loaded from the temporary folder %s: %s; set"
                                    + " java.io.tmpdir to a folder with room for 20 MB that allows"
                                    + " programs")
                            .formatted(
                                    System.getProperty("java.io.tmpdir"),
                                    ErrorText.line(String.valueOf(reason))),
                    e);
        }
        loaded = true;
    }

    /** Returns the name of this system in DJL's jar, for example linux-x86_64. */
    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch");
        return (system.startsWith("mac") ? "osx" : system)
                + "-"
                + (processor.equals("amd64") ? "x86_64" : processor);
    }

    private static void unpackAndLoad(InputStream packed, String file) throws IOException {
        Path folder =
                Files.createTempDirectory(
                        "longhand-",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        Path library = folder.resolve(file);
        try {
            Files.copy(packed, library);
            System.setProperty(CHOICE, library.toString());
            LibUtils.checkStatus();
        } finally {
            System.clearProperty(CHOICE);
            Files.deleteIfExists(library);
            Files.delete(folder);
        }
    }
}
