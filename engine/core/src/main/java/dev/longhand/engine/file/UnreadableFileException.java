package dev.longhand.engine.file;

import dev.longhand.engine.error.InputException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file cannot be read; the message says why. */
public final class UnreadableFileException extends InputException {
    private static final long serialVersionUID = 1L;

    /** Creates the error for {@code file}, whose reading failed with {@code cause}. */
    public UnreadableFileException(Path file, IOException cause) {
        super(file + ": " + reason(file, cause), cause);
    }

    private static String reason(Path file, IOException cause) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null && !Files.exists(folder)) {
            return "the folder does not exist";
        }
        if (folder != null && !Files.isDirectory(folder)) {
            return "its parent is not a folder";
        }
        if (folder != null && !Files.isExecutable(folder)) {
            return "no permission to enter the folder";
        }
        if (!Files.exists(file)) {
            return "the file does not exist";
        }
        if (Files.isDirectory(file)) {
            return "is a folder, not a file";
        }
        if (!Files.isReadable(file)) {
            return "no permission to read the file";
        }
        return "cannot be read (" + ErrorText.line(String.valueOf(cause.getMessage())) + ")";
    }
}
