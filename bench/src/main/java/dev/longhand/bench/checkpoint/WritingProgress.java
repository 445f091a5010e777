package dev.longhand.bench.checkpoint;

import dev.longhand.engine.status.LoadProgress;

import java.nio.file.Path;
import java.util.Locale;

/**
 * Says on standard error what is written, before it begins, and every ten seconds how far it is.
 */
public final class WritingProgress implements LoadProgress {
    private static final long LINE_NANOS = 10_000_000_000L;

    private final Path folder;
    private final long start = System.nanoTime();
    private long printed = start;
    private boolean begun;

    /** Progress of writing a folder. */
    public WritingProgress(Path folder) {
        this.folder = folder;
    }

    @Override
    public void loaded(long done, long total) {
        long now = System.nanoTime();
        if (!begun) {
            begun = true;
            System.err.printf(Locale.ROOT, "writing %s: %.2f GB%n", folder, total / 1e9);
        } else if (now - printed > LINE_NANOS) {
            printed = now;
            double seconds = (now - start) / 1e9;
            System.err.printf(
                    Locale.ROOT,
                    "%.2f of %.2f GB written, about %.0f s left%n",
                    done / 1e9,
                    total / 1e9,
                    seconds * (total - done) / done);
        }
    }
}
