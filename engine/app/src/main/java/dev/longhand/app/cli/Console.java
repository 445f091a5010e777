package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard output in UTF-8. It reports a failed write (a full disk, a closed pipe), which {@code
 * System.out} swallows, and flushes every print, so that tokens appear as they are generated.
 */
public final class Console {
    private final OutputStream out;

    /** A console on standard output. */
    public Console() {
        this(new FileOutputStream(FileDescriptor.out));
    }

    Console(OutputStream out) {
        this.out = out;
    }

    /**
     * Prints a text.
     *
     * @throws InputException if it cannot be written
     */
    public void print(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new InputException("cannot write the output: " + e.getMessage(), e);
        }
    }

    /** Prints a line. */
    public void println(String text) {
        print(text + "\n");
    }
}
