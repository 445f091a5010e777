package dev.longhand.engine.weights;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** CRC32C checksums of tensors' bytes, in eight hexadecimal digits. */
final class TensorSum {
    /** A text of the same length that stands for a checksum that is not known yet. */
    static final String UNKNOWN = "--------";

    private static final long PART_BYTES = 1L << 30; // a buffer holds less than 2 GiB

    private TensorSum() {}

    /** Computes the checksum of some bytes. */
    static String of(MemorySegment bytes) {
        CRC32C sum = new CRC32C();
        for (long done = 0; done < bytes.byteSize(); done += PART_BYTES) {
            long count = Math.min(PART_BYTES, bytes.byteSize() - done);
            sum.update(bytes.asSlice(done, count).asByteBuffer());
        }
        return HexFormat.of().toHexDigits((int) sum.getValue());
    }
}
