package dev.longhand.engine.error;

import java.nio.file.Path;

/**
 * A file of the model was changed in place while an engine used it. The engine produces no more
 * results; a new one must be opened. Neither the request nor its sender is at fault.
 */
public final class FileChangedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the error for a file; clients see it, so it names the file without its folder. */
    public FileChangedException(Path file) {
        super(
                file.getFileName()
                        + ": was changed while it was in use, so nothing is computed from it any"
                        + " more; open the model again, and replace files by renaming new ones");
    }
}
