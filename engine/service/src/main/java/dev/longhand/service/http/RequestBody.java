package dev.longhand.service.http;

import dev.longhand.service.ReadingPace;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The body of a request: bytes of a length that is given, or chunks (RFC 9112, 6 and 7). A client
 * that waits for a word to go on gets it when the body is first read.
 */
final class RequestBody extends InputStream {
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
    private static final Pattern CHUNK = Pattern.compile("([0-9a-fA-F]{1,8})(;.+)?");
    private static final int CHUNK_LINE_BYTES_MAX = 1 << 10;
    private static final int SKIP_BYTES = 64 << 10;

    /** What is left unread is read up to here, for the next request. */
    private static final long SKIPPED_BYTES_MAX = 16 << 20;

    private final Source source;
    private final boolean chunked;
    private long left; // of the body, or of the chunk
    private boolean awaited; // the client waits for a word to go on
    private volatile boolean ended;
    private boolean damaged;

    /**
     * Where a body comes from.
     *
     * @param in the bytes, from the first one of the body on
     * @param trailerBytesMax the limit of the lines behind the last chunk
     */
    record Source(HttpInput in, int trailerBytesMax, Output output) {}

    /** Sends bytes to the client. */
    interface Output {
        void write(byte[] bytes) throws IOException;
    }

    private RequestBody(Source source, boolean chunked, long left, boolean awaited) {
        this.source = source;
        this.chunked = chunked;
        this.left = left;
        this.awaited = awaited;
        ended = !chunked && left == 0;
    }

    /**
     * Returns the body that a head announces.
     *
     * @throws HttpFailure if its length is in dispute; the connection cannot be read further
     */
    static RequestBody of(RequestHead head, Source source) {
        List<String> lengths = head.values("Content-Length");
        List<String> encodings = head.values("Transfer-Encoding");
        boolean chunked = !encodings.isEmpty();
        if (chunked && (!head.isNewest() || !lengths.isEmpty())) {
            throw HttpFailure.malformed("the length of the body is ambiguous");
        }
        if (chunked
                && (encodings.size() > 1 || !encodings.getFirst().equalsIgnoreCase("chunked"))) {
            throw new HttpFailure(501, "encoding", "the only transfer encoding is chunked");
        }
        if (lengths.size() > 1
                || (lengths.size() == 1 && !LENGTH.matcher(lengths.getFirst()).matches())) {
            throw HttpFailure.malformed("the Content-Length is not a number");
        }
        long length = lengths.isEmpty() ? 0 : Long.parseLong(lengths.getFirst());
        boolean expects = head.isNewest() && !head.values("Expect").isEmpty();
        if (expects && !head.lists("Expect", "100-continue")) {
            throw new HttpFailure(417, "expect", "the only expectation is 100-continue");
        }
        return new RequestBody(source, chunked, length, expects);
    }

    /** The bytes that are known to come: of a whole body, or of the chunk that has begun. */
    long announced() {
        return left;
    }

    /** Whether all of it was read. */
    boolean ended() {
        return ended;
    }

    /** Whether what is left can be read after the response, so that a next request may follow. */
    boolean skippable() {
        return ended || !(awaited || damaged || left > SKIPPED_BYTES_MAX);
    }

    /** Drops what is left if that is not much; returns whether it has then ended. */
    boolean skip() throws IOException {
        byte[] dropped = new byte[SKIP_BYTES];
        for (long bytes = 0; !ended && skippable() && bytes < SKIPPED_BYTES_MAX; ) {
            bytes += readNBytes(dropped, 0, SKIP_BYTES);
            if (!ended) {
                ReadingPace.pause(); // others have the processor meanwhile
            }
        }
        return ended;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * {@inheritDoc}
     *
     * @throws HttpFailure if a chunk is damaged
     */
    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, to.length);
        if (ended || count == 0) {
            return ended ? -1 : 0;
        }
        if (awaited) {
            awaited = false;
            source.output.write(Response.CONTINUE);
        }
        try {
            if (left == 0 && !beginChunk()) {
                ended = true;
                return -1;
            }
            int read = source.in.read(to, offset, (int) Math.min(count, left));
            left -= read;
            if (left == 0 && chunked) {
                source.in.blankLine();
            }
            ended = left == 0 && !chunked;
            return read;
        } catch (HttpFailure e) {
            damaged = true;
            throw e;
        }
    }

    /** Reads the size of the next chunk; returns false behind the last one. */
    private boolean beginChunk() throws IOException {
        Matcher size = CHUNK.matcher(source.in.line(CHUNK_LINE_BYTES_MAX));
        if (!size.matches()) {
            throw HttpFailure.malformed("the size of a chunk is not a number");
        }
        left = Long.parseLong(size.group(1), 16);
        if (left == 0) {
            RequestHead.fields(source.in, source.trailerBytesMax);
        }
        return left > 0;
    }
}
