package dev.longhand.app.hub;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.ErrorText;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.function.LongConsumer;

/**
 * Fetches one file. What arrives is kept beside the blob until it is whole and its hash is right;
 * then it is renamed. A partial file of an earlier run is continued.
 */
final class BlobDownload {
    private static final String PARTIAL = ".longhand.incomplete";
    private static final int BUFFER_BYTES = 1 << 18;

    /** Progress after which failures are counted anew. */
    private static final long PROGRESS_BYTES = 1 << 20;

    private final String what;
    private final HubConnection hub;
    private final URI address;
    private final HubFile file;
    private final Path blob;
    private final Path partial;
    private final LongConsumer progress;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private MessageDigest digest;
    private long done;

    /**
     * Creates a download.
     *
     * @param what the file, as errors name it
     * @param blob the file to write; its folder exists
     * @param progress called with the bytes that have come, negative if they must come again; the
     *     part of an earlier run counts as there
     */
    BlobDownload(
            String what,
            HubConnection hub,
            URI address,
            HubFile file,
            Path blob,
            LongConsumer progress) {
        this.what = what;
        this.hub = hub;
        this.address = address;
        this.file = file;
        this.blob = blob;
        this.progress = progress;
        partial = partial(blob);
        digest = file.digest();
    }

    /** The bytes that an earlier run has left of a file. */
    static long present(HubFile file, Path blob) throws IOException {
        Path partial = partial(blob);
        long size = Files.exists(partial) ? Files.size(partial) : 0;
        return size > file.bytes() ? 0 : size;
    }

    private static Path partial(Path blob) {
        return blob.resolveSibling(blob.getFileName() + PARTIAL);
    }

    /**
     * Fetches the file.
     *
     * @throws InputException if the Hub refuses it, or it cannot be written
     * @throws IOException if it does not come, or something else comes
     */
    void run(Retries retries) throws IOException, InterruptedException {
        try (FileChannel channel = open()) {
            boolean continued = takeUp(channel);
            fill(channel, retries);
            while (!file.matches(digest)) {
                begin(channel);
                if (!continued) {
                    Files.delete(partial);
                    throw new IOException(
                            "%s: what came is not the file that the Hub lists; its hash differs"
                                    .formatted(what));
                }
                continued = false; // the earlier part may have been damaged
                fill(channel, retries);
            }
            channel.force(true);
        }
        Files.move(partial, blob, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.forceEntry(blob);
    }

    private FileChannel open() {
        try {
            return FileChannel.open(
                    partial,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw unwritable(partial, e);
        }
    }

    /** Reads the part that an earlier run has left; returns whether there is one. */
    private boolean takeUp(FileChannel channel) throws IOException {
        if (channel.size() > file.bytes()) {
            channel.truncate(0);
        }
        ByteBuffer part = ByteBuffer.wrap(buffer);
        for (int count = channel.read(part); count > 0; count = channel.read(part.clear())) {
            digest.update(buffer, 0, count);
            done += count;
        }
        return done > 0;
    }

    /** Begins at the first byte. */
    private void begin(FileChannel channel) throws IOException {
        channel.truncate(0);
        progress.accept(-done);
        done = 0;
        digest = file.digest();
    }

    private void fill(FileChannel channel, Retries retries)
            throws IOException, InterruptedException {
        while (done < file.bytes()) {
            long before = done;
            try {
                receive(channel);
            } catch (TransientFailure e) {
                retries.waitAfter(e, done - before >= PROGRESS_BYTES);
            }
        }
    }

    /** Asks for what is missing; bytes beyond the listed size are left unread. */
    private void receive(FileChannel channel) throws IOException, InterruptedException {
        try (HubConnection.Answer answer = hub.open(what, address, done)) {
            if (answer.offset() != done) {
                begin(channel); // the server knows no ranges
            }
            if (answer.offset() != done) {
                throw new IOException(what + ": the server sends another part than was asked for");
            }
            while (done < file.bytes()) {
                int room = (int) Math.min(buffer.length, file.bytes() - done);
                int count = HubConnection.fill(what, answer, buffer, room);
                if (count < 0) {
                    throw new TransientFailure(
                            "%s: the answer ended after %d of %d bytes"
                                    .formatted(what, done, file.bytes()),
                            0);
                }
                write(channel, count);
                digest.update(buffer, 0, count);
                done += count;
                progress.accept(count);
            }
        }
    }

    private void write(FileChannel channel, int count) {
        try {
            ByteBuffer part = ByteBuffer.wrap(buffer, 0, count);
            while (part.hasRemaining()) {
                channel.write(part);
            }
        } catch (IOException e) {
            throw unwritable(partial, e);
        }
    }

    /** Words that a file, or one of a folder, cannot be written. */
    static InputException unwritable(Path path, IOException e) {
        return new InputException(
                "%s: cannot be written (%s)"
                        .formatted(
                                ErrorText.path(path),
                                ErrorText.line(String.valueOf(e.getMessage()))),
                e);
    }
}
