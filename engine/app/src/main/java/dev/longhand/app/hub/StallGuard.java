package dev.longhand.app.hub;

import java.io.IOException;
import java.io.InputStream;

/** Reads the body of an answer, and ends it when nothing comes for a while. */
final class StallGuard implements AutoCloseable {
    private final InputStream body;
    private final long stallMillis;
    private final Thread watch;
    private volatile long waitingSinceNanos;
    private volatile boolean waiting;
    private volatile boolean stalled;

    StallGuard(InputStream body, long stallMillis) {
        this.body = body;
        this.stallMillis = stallMillis;
        watch = Thread.ofVirtual().name("stall-guard").start(this::watch);
    }

    /**
     * Reads at least one byte; returns the number, or -1 at the end.
     *
     * @throws IOException if the connection fails, or nothing comes
     */
    int read(byte[] buffer, int length) throws IOException {
        waitingSinceNanos = System.nanoTime();
        waiting = true;
        try {
            return body.read(buffer, 0, length);
        } catch (IOException e) {
            throw stalled
                    ? new IOException("nothing came for %d s".formatted(stallMillis / 1000), e)
                    : e;
        } finally {
            waiting = false;
        }
    }

    private void watch() {
        try {
            while (!stalled) {
                Thread.sleep(Math.max(1, stallMillis / 8));
                long waited = (System.nanoTime() - waitingSinceNanos) / 1_000_000;
                if (waiting && waited > stallMillis) {
                    stalled = true;
                    body.close(); // ends the read
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // the read has ended by itself
        }
    }

    @Override
    public void close() throws IOException {
        watch.interrupt();
        body.close();
    }
}
