package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.QuantFormat;
import dev.longhand.kernels.tensor.QuantizedMatrix;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Quantised matrices in the order in which {@code weights.cuh} reads them: tiles of 16 rows, each
 * of blocks of 128 inputs. Codes and scales are separate. Threads may write different tiles at the
 * same time.
 */
final class CudaPacking {
    private static final int TILE = 16;
    private static final int BLOCK = 128;
    private static final int LANES = 32;
    private static final int LANE_BYTES = 16;
    private static final int HALF = TILE / 2; // one lane has rows g and g + 8
    private static final ValueLayout.OfInt WORD =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final StackedMatrices rows;
    private final List<QuantizedMatrix> matrices;
    private final QuantFormat format;
    private final int bits;
    private final int blocks;
    private final long storedWidth;

    CudaPacking(StackedMatrices rows) {
        this.rows = rows;
        matrices = rows.matrices().stream().map(QuantizedMatrix::new).toList();
        format = rows.dtype().format();
        bits = format.codes().bits();
        storedWidth = matrices.getFirst().storedWidth();
        blocks = Math.toIntExact(Math.ceilDiv(rows.width(), BLOCK));
    }

    /** Tiles of 16 rows. */
    long tiles() {
        return Math.ceilDiv(rows.count(), TILE);
    }

    /** Bytes of codes of a tile. */
    long codeBytes() {
        return (long) blocks * BLOCK * TILE * bits / Byte.SIZE;
    }

    /** Bytes of scales of a tile. */
    long scaleBytes() {
        return (long) blocks * HALF * recordWords() * Integer.BYTES;
    }

    /** Words of scales of a pair of rows in one block. */
    private int recordWords() {
        return BLOCK / format.group() * (format.storesZeros() ? 2 : 1);
    }

    /** The rows of a tile and their matrices. */
    private final class Tile {
        private final @Nullable QuantizedMatrix[] of = new QuantizedMatrix[TILE];
        private final long[] own = new long[TILE];

        Tile(long tile) {
            for (int i = 0; i < TILE; i++) {
                long row = tile * TILE + i;
                own[i] = row < rows.count() ? rows.row(row) : StackedMatrices.PADDING;
                of[i] = own[i] == StackedMatrices.PADDING ? null : matrices.get(rows.matrix(row));
            }
        }

        int word(int row, long k) {
            QuantizedMatrix matrix = of[row];
            return matrix == null || k >= storedWidth ? 0 : matrix.word(own[row], k);
        }

        /** The bits of a group's scale; 0 in padding. */
        int scale(int row, int group) {
            QuantizedMatrix matrix = of[row];
            if (matrix == null || group >= matrix.groups()) {
                return 0;
            }
            return Short.toUnsignedInt(matrix.scaleBits(own[row], group));
        }

        /**
         * The bf16 bits of the offset that the kernel adds to a decoded code to get code - zero. It
         * decodes 8-bit codes to code - 128, so the offset is 128 - zero; it decodes 4-bit codes to
         * code + 128, so the offset is -128 - zero.
         */
        int offset(int row, int group) {
            QuantizedMatrix matrix = of[row];
            if (matrix == null || group >= matrix.groups()) {
                return 0;
            }
            int zero = matrix.zero(own[row], group);
            float offset = (bits == Byte.SIZE ? 128 : -128) - zero;
            if (BFloat16.round(offset) != offset) {
                throw new IllegalArgumentException(
                        "a zero of %d is beyond what the CUDA kernels take".formatted(zero));
            }
            return Short.toUnsignedInt(BFloat16.bits(offset));
        }
    }

    /** Writes the codes of a tile. */
    void writeCodes(long tile, MemorySegment to) {
        Tile source = new Tile(tile);
        int loadsOfBlock = BLOCK * TILE * bits / Byte.SIZE / (LANES * LANE_BYTES);
        long at = 0;
        for (int block = 0; block < blocks; block++) {
            for (int load = 0; load < loadsOfBlock; load++) {
                for (int lane = 0; lane < LANES; lane++) {
                    int g = lane / 4;
                    int chunk = bits == Byte.SIZE ? load : 2 * load;
                    long k = (long) block * BLOCK + (long) chunk * CudaMatrix.CHUNK + lane % 4 * 8L;
                    boolean wide = bits == Byte.SIZE;
                    // 8 bits: both words of a row, then those of the other; 4 bits: by chunks
                    int second = wide ? 4 : 0;
                    to.set(WORD, at, source.word(g, k));
                    to.set(WORD, at + 4, source.word(wide ? g : g + HALF, k + second));
                    long next = wide ? k : k + CudaMatrix.CHUNK;
                    to.set(WORD, at + 8, source.word(wide ? g + HALF : g, next));
                    to.set(WORD, at + 12, source.word(g + HALF, next + second));
                    at += LANE_BYTES;
                }
            }
        }
    }

    /** Writes the scales of a tile: a word per pair of rows, the first row in its lower half. */
    void writeScales(long tile, MemorySegment to) {
        Tile source = new Tile(tile);
        int groupsOfBlock = BLOCK / format.group();
        long at = 0;
        for (int block = 0; block < blocks; block++) {
            for (int g = 0; g < HALF; g++) {
                for (int i = 0; i < groupsOfBlock; i++) {
                    int group = block * groupsOfBlock + i;
                    to.set(WORD, at, source.scale(g, group) | source.scale(g + HALF, group) << 16);
                    at += Integer.BYTES;
                    if (format.storesZeros()) {
                        int offsets =
                                source.offset(g, group) | source.offset(g + HALF, group) << 16;
                        to.set(WORD, at, offsets);
                        at += Integer.BYTES;
                    }
                }
            }
        }
    }
}
