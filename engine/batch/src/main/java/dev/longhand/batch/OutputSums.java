package dev.longhand.batch;

import dev.longhand.engine.error.InputException;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The file {@code .sums} beside the output: the CRC32C of each line of the output, in eight
 * hexadecimal digits. A record has a fixed length, so that a damaged one does not displace the
 * others. The output itself stays free of checksums, since others read it.
 */
final class OutputSums implements Closeable {
    private static final int RECORD_BYTES = Integer.BYTES * 2 + 1;

    private final AppendFile file;
    private final byte[] stored;

    private OutputSums(AppendFile file, byte[] stored) {
        this.file = file;
        this.stored = stored;
    }

    /**
     * Opens the file; creates it if absent.
     *
     * @param outputBytes the size of the output that it describes
     * @throws InputException if it is missing beside an output that has content, or is unusable
     */
    static OutputSums open(Path path, long outputBytes) {
        if (outputBytes > 0 && !Files.exists(path)) {
            throw new InputException(
                    path
                            + ": is missing, so the answers beside it cannot be checked; restore"
                            + " it, or choose another output file");
        }
        try {
            byte[] stored = Files.exists(path) ? Files.readAllBytes(path) : new byte[0];
            return new OutputSums(AppendFile.open(path), stored);
        } catch (IOException e) {
            throw JsonlReader.unreadable(path, e);
        }
    }

    /** The CRC32C of a line without its terminator, in hexadecimal. */
    static String hex(byte[] line) {
        CRC32C checksum = new CRC32C();
        checksum.update(line, 0, line.length);
        return HexFormat.of().toHexDigits((int) checksum.getValue());
    }

    /** Whether the file has a checksum for the line with this index. */
    boolean has(int index) {
        return (index + 1L) * RECORD_BYTES <= stored.length;
    }

    /** Whether a line is the one whose checksum was stored under this index. */
    boolean matches(int index, byte[] line) {
        if (!has(index)) {
            return false;
        }
        byte[] record = (hex(line) + "\n").getBytes(StandardCharsets.US_ASCII);
        int start = index * RECORD_BYTES;
        return Arrays.equals(record, 0, RECORD_BYTES, stored, start, start + RECORD_BYTES);
    }

    /** Removes the checksums of all lines from this index on. */
    void cut(int index) {
        file.cut((long) index * RECORD_BYTES);
    }

    /** Appends the checksum of a line to the records of one write. */
    static void add(StringBuilder records, String line) {
        records.append(hex(line.getBytes(StandardCharsets.UTF_8))).append('\n');
    }

    void append(String records) {
        file.append(records);
    }

    void force() {
        file.force();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
