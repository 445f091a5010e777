package dev.longhand.service.http;

import dev.longhand.service.ReadingPace;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The bytes that an HTTP client sends: lines and the bytes of bodies.
 *
 * <p>One thread reads. While it answers a request, another one may call {@link #awaitEnd}; {@link
 * #awaitByte} waits until that has returned.
 */
final class HttpInput {
    private static final int BUFFER_BYTES = 4 << 10;
    private static final int DISCARDED_BYTES = 64 << 10;
    private static final int POLL_MILLIS = 100;

    private final Socket socket;
    private final InputStream in;
    private final ReentrantLock ahead = new ReentrantLock();

    HttpInput(Socket socket) throws IOException {
        this.socket = socket;
        in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
    }

    /** Waits for the next byte without taking it; returns false at the end. */
    boolean awaitByte() throws IOException {
        ahead.lock();
        try {
            in.mark(1);
            boolean some = in.read() >= 0;
            in.reset();
            return some;
        } finally {
            ahead.unlock();
        }
    }

    /**
     * Waits for the client to close its sending side, and keeps what it sends before.
     *
     * @param over ends the wait; checked after a byte has arrived
     * @return whether the client has closed; false too if it sends much
     */
    boolean awaitEnd(BooleanSupplier over) throws IOException {
        ahead.lock();
        try {
            in.mark(BUFFER_BYTES);
            try {
                for (int count = 0; count < BUFFER_BYTES && !over.getAsBoolean(); ) {
                    // The kept bytes may be the next request, for which nobody may wait long.
                    socket.setSoTimeout(count == 0 ? 0 : POLL_MILLIS);
                    try {
                        if (in.read() < 0) {
                            return true;
                        }
                        count++;
                    } catch (SocketTimeoutException e) {
                        // nothing more so far
                    }
                }
                return false;
            } finally {
                socket.setSoTimeout(0);
                in.reset();
            }
        } finally {
            ahead.unlock();
        }
    }

    /**
     * Reads a line, which CR LF must end, as characters of ISO 8859-1, without control characters
     * except tabs.
     *
     * @throws HttpFailure if it violates this or is longer than {@code bytesMax}
     */
    String line(int bytesMax) throws IOException {
        StringBuilder line = new StringBuilder();
        int left = bytesMax;
        for (int next = need(); next != '\r'; next = need()) {
            if (next != '\t' && Character.isISOControl(next) && next < 0x80) {
                throw HttpFailure.malformed("a line has control characters");
            }
            requireRoom(left--);
            line.append((char) next);
        }
        requireRoom(left);
        lineFeed();
        return line.toString();
    }

    private static void requireRoom(int left) {
        if (left <= 0) {
            throw new HttpFailure(431, "header", "the headers are too long");
        }
    }

    /** Reads the end of a line that has no characters. */
    void blankLine() throws IOException {
        if (need() != '\r') {
            throw HttpFailure.malformed("the length of a chunk is not its size");
        }
        lineFeed();
    }

    private void lineFeed() throws IOException {
        if (need() != '\n') {
            throw HttpFailure.malformed("lines must end in CR LF");
        }
    }

    private int need() throws IOException {
        int next = in.read();
        if (next < 0) {
            throw new EOFException("the client has left within a request");
        }
        return next;
    }

    /** Reads 1 to {@code count} bytes. */
    int read(byte[] to, int offset, int count) throws IOException {
        int read = in.read(to, offset, count);
        if (read < 0) {
            throw new EOFException("the client has left within a request");
        }
        return read;
    }

    /** Drops everything up to the end. */
    void discard() throws IOException {
        discard(in);
    }

    /** Reads a stream to its end, with pauses in which others have the processor. */
    static void discard(InputStream stream) throws IOException {
        byte[] chunk = new byte[DISCARDED_BYTES];
        while (stream.readNBytes(chunk, 0, chunk.length) == chunk.length) {
            ReadingPace.pause();
        }
    }
}
