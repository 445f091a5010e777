package dev.longhand.study.perturb;

import dev.longhand.study.format.JsonLinesWriter;
import dev.longhand.study.format.SftSample;

import org.jspecify.annotations.Nullable;

import java.io.Closeable;
import java.nio.file.Path;

/** Writes samples to a file, or nowhere. */
final class SampleWriter implements Closeable {
    private final @Nullable JsonLinesWriter file;

    SampleWriter(@Nullable Path out) {
        file = out == null ? null : JsonLinesWriter.create(out);
    }

    void write(SftSample sample) {
        if (file != null) {
            file.write(sample.json());
        }
    }

    /** Gives the file its name; without a commit it is discarded. */
    void commit() {
        if (file != null) {
            file.commit();
        }
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
    }
}
