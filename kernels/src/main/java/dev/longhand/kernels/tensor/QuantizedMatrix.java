package dev.longhand.kernels.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The groups of a quantised matrix [rows, width], one by one: what imports write and other layouts
 * are made from. A weight is scale (code - zero), with codes unsigned; the scale and the zero are
 * those of its group of {@link #group()} weights that follow each other in a row.
 *
 * <p>In memory the lanes of a vector are rows. A matrix is a sequence of tiles of 16 rows, a tile
 * one of blocks of 64 inputs or, of a {@code G128} dtype and of FP8, of 128. A block is 64 bytes of
 * scales and zeros (the 16 BF16 scales of its first group and those of its second; or 16 F16 scales
 * and 16 zeros of 16 bits), of FP8 32 bytes of 16 BF16 scales, and then chunks of 16 words of 32
 * bits, one per row: with b bits a code, code k = 2 j + i of a word, i 0 or 1, is in the bits from
 * 16 i + b j up. Rows after the last have scales of 0; codes after the end of a row are not used.
 *
 * <p>Different rows can be written by different threads.
 */
public final class QuantizedMatrix {
    /** Rows that share memory blocks. */
    public static final int TILE_ROWS = 16;

    /** Changes with the layout and with what {@link Quantizer} makes of a weight. */
    public static final int LAYOUT_VERSION = 1;

    private static final int CHUNK_BYTES = TILE_ROWS * Integer.BYTES;
    private static final ValueLayout.OfShort BITS16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt WORD =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment data;
    private final DType dtype;
    private final long width;
    private final int bits;
    private final int block;
    private final int group;
    private final int headerBytes;

    /**
     * A view of a tensor.
     *
     * @throws IllegalArgumentException if it is not quantised
     */
    public QuantizedMatrix(HostTensor tensor) {
        if (!tensor.dtype().quantized()) {
            throw new IllegalArgumentException(tensor.dtype() + " weights have no groups");
        }
        data = tensor.data();
        dtype = tensor.dtype();
        width = tensor.shape().width();
        bits = dtype == DType.INT4 || dtype == DType.INT4_G128 ? Byte.SIZE / 2 : Byte.SIZE;
        boolean large = dtype.zeroPoints() || dtype == DType.FP8;
        block = large ? 128 : 64;
        group = large ? 128 : 32;
        headerBytes = (dtype == DType.FP8 ? 1 : 2) * TILE_ROWS * Short.BYTES;
    }

    /** Weights of a group: 32, or 128. */
    public int group() {
        return group;
    }

    /** Bits of a code: 8 or 4. */
    public int bits() {
        return bits;
    }

    /** Groups of a row, the last one perhaps not full. */
    public int groups() {
        return Math.toIntExact(Math.ceilDiv(width, group));
    }

    private long block(long row, long k) {
        long tile = row / TILE_ROWS * TILE_ROWS * dtype.rowBytes(width);
        return tile + k / block * TILE_ROWS * dtype.rowBytes(block);
    }

    private long scaleAt(long row, int group) {
        long first = (long) group * this.group;
        long lane = row % TILE_ROWS + first % block / this.group * TILE_ROWS;
        return block(row, first) + lane * Short.BYTES;
    }

    private long wordAt(long row, long k) {
        long chunk = k % block / (Integer.SIZE / bits);
        long word = chunk * CHUNK_BYTES + row % TILE_ROWS * Integer.BYTES;
        return block(row, k) + headerBytes + word;
    }

    private int shift(int k) {
        return k % 2 * Short.SIZE + k % (Integer.SIZE / bits) / 2 * bits;
    }

    /** The scale of a group, exact: it is stored in BF16 or F16. */
    public float scale(long row, int group) {
        short stored = data.get(BITS16, scaleAt(row, group));
        return dtype.zeroPoints()
                ? Float.float16ToFloat(stored)
                : Float.intBitsToFloat(stored << Short.SIZE);
    }

    /** The zero of a group: 128 or 8 (FP8 has none), or of a {@code G128} dtype any of 16 bits. */
    public int zero(long row, int group) {
        return dtype.zeroPoints()
                ? data.get(BITS16, scaleAt(row, group) + TILE_ROWS * Short.BYTES)
                : 1 << (bits - 1);
    }

    /** The word of memory that holds the code of a weight, and those around it. */
    public int word(long row, long k) {
        return data.get(WORD, wordAt(row, k));
    }

    /** Weights of a row that memory has room for: whole blocks. */
    public long storedWidth() {
        return Math.ceilDiv(width, block) * block;
    }

    /** The code of a weight: 0..255 or 0..15. */
    public int code(long row, int k) {
        return data.get(WORD, wordAt(row, k)) >>> shift(k) & (1 << bits) - 1;
    }

    /** The codes of a row from weight {@code first} on. */
    public void codes(long row, int first, int[] into) {
        for (int i = 0; i < into.length; i++) {
            into[i] = code(row, first + i);
        }
    }

    /** The value of a weight, exact in F32. */
    public float get(long row, int k) {
        float scale = scale(row, k / group);
        return dtype == DType.FP8
                ? scale * E4m3.value(code(row, k))
                : scale * (code(row, k) - zero(row, k / group));
    }

    /**
     * Writes a group.
     *
     * @param scale rounded to BF16 or F16
     * @param zero 128 or 8 but for a {@code G128} dtype: -32768..32767, at most 256 from every code
     * @param codes the weights', {@link #group()} of them; those after the end of the row may be
     *     any
     */
    public void put(long row, int group, float scale, int zero, int[] codes) {
        putHeader(row, group, scale, zero);
        int perWord = Integer.SIZE / bits;
        for (int k = 0; k < codes.length; k += perWord) {
            int word = 0;
            for (int i = 0; i < perWord; i++) {
                word |= codes[k + i] << shift(i);
            }
            data.set(WORD, wordAt(row, (long) group * this.group + k), word);
        }
    }

    /**
     * Writes a group whose codes are packed: as many to a word as it holds, the first in the lowest
     * bits. Arguments otherwise as for {@link #put}.
     *
     * @param words of the codes, group() bits / 32 of them
     */
    public void putPacked(long row, int group, float scale, int zero, int[] words) {
        putHeader(row, group, scale, zero);
        long at = wordAt(row, (long) group * group());
        int even = bits == Byte.SIZE ? 0x00FF_00FF : 0x0F0F_0F0F; // codes 0, 2 …
        for (int i = 0; i < words.length; i++) {
            int low = Integer.compress(words[i], even);
            int high = Integer.compress(words[i], ~even);
            data.set(WORD, at + (long) i * CHUNK_BYTES, low | high << Short.SIZE);
        }
    }

    private void putHeader(long row, int group, float scale, int zero) {
        short stored = dtype.zeroPoints() ? Float.floatToFloat16(scale) : BFloat16.bits(scale);
        data.set(BITS16, scaleAt(row, group), stored);
        if (dtype.zeroPoints()) {
            data.set(BITS16, scaleAt(row, group) + TILE_ROWS * Short.BYTES, (short) zero);
        }
    }
}
