package dev.longhand.app;

import dev.longhand.engine.error.InputException;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard output as UTF-8 that reports a failed write (a full disk, a closed pipe), which {@code
 * System.out} swallows. Every print is flushed, so that tokens appear as they come.
 */
final class Console {
    private final OutputStream out;

    Console() {
        this(new FileOutputStream(FileDescriptor.out));
    }

    Console(OutputStream out) {
        this.out = out;
    }

    void print(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new InputException("cannot write the output: " + e.getMessage(), e);
        }
    }

    void println(String text) {
        print(text + "\n");
    }
}
