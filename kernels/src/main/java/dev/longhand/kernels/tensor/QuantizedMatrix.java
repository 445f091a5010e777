package dev.longhand.kernels.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A view of a quantised matrix [rows, width] by groups. Checkpoint readers write it, and other
 * layouts are made from it. {@link QuantFormat} defines the value of a weight.
 *
 * <p>In memory the lanes of a vector are rows. A matrix is a sequence of tiles of 16 rows, and a
 * tile is a sequence of blocks; a block holds {@link QuantFormat#blockGroups} groups of every row.
 * A block begins with a header: the 16 rows' scales of its first group, then their zeros or minima
 * if the format stores them, and so on for its other groups; entries have 16 bits. Nested ones have
 * 8 bits, and before them come the 16 rows' factors of scales, then those of minima. Chunks of 16
 * words of 32 bits follow, one word per row. With b bits per code, code k = 2 j + i of a word (i is
 * 0 or 1) begins at bit 16 i + b j. Padding rows have scales of 0; codes beyond the end of a row
 * are not used.
 *
 * <p>Different rows can be written by different threads.
 */
public final class QuantizedMatrix {
    /** Rows that share memory blocks. */
    public static final int TILE_ROWS = 16;

    /** The version of the layout and of the results of {@link Quantizer}; changes with either. */
    public static final int LAYOUT_VERSION = 1;

    private static final int CHUNK_BYTES = TILE_ROWS * Integer.BYTES;
    private static final ValueLayout.OfShort BITS16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt WORD =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment data;
    private final QuantFormat format;
    private final long width;
    private final int bits;
    private final int block;
    private final int group;
    private final int blockBytes;
    private final int headerBytes;
    private final int groupHeaderBytes;
    private final int factorBytes;

    /**
     * Creates a view of a tensor.
     *
     * @throws IllegalArgumentException if it is not quantised
     */
    public QuantizedMatrix(HostTensor tensor) {
        if (!tensor.dtype().quantized()) {
            throw new IllegalArgumentException(tensor.dtype() + " weights have no groups");
        }
        data = tensor.data();
        format = tensor.dtype().format();
        width = tensor.shape().width();
        bits = format.codes().bits();
        block = format.blockWeights();
        group = format.group();
        blockBytes = TILE_ROWS * format.blockBytes();
        headerBytes = TILE_ROWS * format.blockHeaderBytes();
        groupHeaderBytes = TILE_ROWS * format.groupHeaderBytes();
        factorBytes = TILE_ROWS * format.factorBytes();
    }

    /** Weights of a group: 16, 32 or 128. */
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
        return (row / TILE_ROWS * Math.ceilDiv(width, block) + k / block) * blockBytes;
    }

    private long scaleAt(long row, int group) {
        long first = (long) group * this.group;
        long header = factorBytes + first % block / this.group * groupHeaderBytes;
        return block(row, first) + header + row % TILE_ROWS * format.scale().bytes();
    }

    /** The place of the zero or minimum of a group. */
    private long zeroAt(long row, int group) {
        return scaleAt(row, group) + (long) TILE_ROWS * format.scale().bytes();
    }

    private long factorAt(long row, int group) {
        return block(row, (long) group * this.group) + row % TILE_ROWS * Short.BYTES;
    }

    private long wordAt(long row, long k) {
        long chunk = k % block / (Integer.SIZE / bits);
        long word = chunk * CHUNK_BYTES + row % TILE_ROWS * Integer.BYTES;
        return block(row, k) + headerBytes + word;
    }

    private int shift(int k) {
        return k % 2 * Short.SIZE + k % (Integer.SIZE / bits) / 2 * bits;
    }

    /** The stored 16 bits of a group's scale, which must not be nested. */
    public short scaleBits(long row, int group) {
        return data.get(BITS16, scaleAt(row, group));
    }

    /** The scale of a group, exact. */
    public float scale(long row, int group) {
        return value(scaleAt(row, group), factorAt(row, group));
    }

    /** The minimum of a group, exact; 0 if the format stores none. */
    public float minimum(long row, int group) {
        long factor = factorAt(row, group) + (long) TILE_ROWS * Short.BYTES;
        return format.storesMinima() ? value(zeroAt(row, group), factor) : 0;
    }

    private float value(long at, long factorAt) {
        return format.nested()
                ? ScaleType.F16.value(data.get(BITS16, factorAt))
                        * data.get(ValueLayout.JAVA_BYTE, at)
                : format.scale().value(data.get(BITS16, at));
    }

    /** The zero of a group. */
    public int zero(long row, int group) {
        return format.storesZeros() ? data.get(BITS16, zeroAt(row, group)) : format.fixedZero();
    }

    /** The 32-bit word that holds the code of a weight and its neighbours' codes. */
    public int word(long row, long k) {
        return data.get(WORD, wordAt(row, k));
    }

    /** The width of a row in memory, a multiple of whole blocks. */
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
        int group = k / this.group;
        float steps = scale(row, group) * (format.codes().value(code(row, k)) - zero(row, group));
        return format.storesMinima() ? steps + minimum(row, group) : steps;
    }

    /**
     * Writes a group of a format without minima.
     *
     * @param scale the scale, which is stored rounded to the format's {@link ScaleType}
     * @param zero -32768..32767, at most 256 from every code; ignored if the format stores none
     * @param codes one per weight, {@link #group()} in all; those beyond the end of the row are
     *     arbitrary
     */
    public void put(long row, int group, float scale, int zero, int[] codes) {
        putHeader(row, group, scale, zero);
        putCodes(row, group, codes);
    }

    /** Writes a group with a minimum; see {@link #put}. Both are stored rounded. */
    public void putRaised(long row, int group, float scale, float minimum, int[] codes) {
        data.set(BITS16, scaleAt(row, group), format.scale().bits(scale));
        data.set(BITS16, zeroAt(row, group), format.scale().bits(minimum));
        putCodes(row, group, codes);
    }

    /**
     * Writes a group with a nested scale, and a nested minimum if the format stores them.
     *
     * @param scale -128..127, times the factor of scales
     * @param minimum -128..127, times the factor of minima
     */
    public void putNested(long row, int group, int scale, int minimum, int[] codes) {
        data.set(ValueLayout.JAVA_BYTE, scaleAt(row, group), (byte) scale);
        if (format.storesMinima()) {
            data.set(ValueLayout.JAVA_BYTE, zeroAt(row, group), (byte) minimum);
        }
        putCodes(row, group, codes);
    }

    /**
     * Writes the factors of the nested scales and minima of the block that holds a group.
     *
     * @param minima ignored if the format stores none
     */
    public void putFactors(long row, int group, float scales, float minima) {
        long at = factorAt(row, group);
        data.set(BITS16, at, ScaleType.F16.bits(scales));
        if (format.storesMinima()) {
            data.set(BITS16, at + (long) TILE_ROWS * Short.BYTES, ScaleType.F16.bits(minima));
        }
    }

    private void putCodes(long row, int group, int[] codes) {
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
     * Writes a group from packed codes: every word is full, its first code in the lowest bits.
     * Other arguments as for {@link #put}.
     *
     * @param words the packed codes, group() * bits() / 32 words
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
        data.set(BITS16, scaleAt(row, group), format.scale().bits(scale));
        if (format.storesZeros()) {
            data.set(BITS16, zeroAt(row, group), (short) zero);
        }
    }
}
