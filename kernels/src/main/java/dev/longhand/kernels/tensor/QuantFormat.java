package dev.longhand.kernels.tensor;

import org.jspecify.annotations.Nullable;

import java.util.Set;

/**
 * A format of quantised weights, as data: how a {@link DType} stores the matrices of linear layers.
 * A weight is scale * (value of its code - zero), or scale * code + minimum; the weights of a group
 * share scale, zero and minimum. {@link QuantizedMatrix} defines the layout in memory.
 *
 * <p>Quantiser, layouts, reference, checkpoint readers and command lines all use this record.
 * Besides its constant in {@link DType}, a format needs a decoder in CUDA ({@code weights.cuh}) and
 * one in C ({@code quantized.h}); a backend does not offer a format that it has no decoder for.
 *
 * @param codes the meaning of the codes
 * @param group consecutive weights of a row that share a scale: 16, 32 or 128
 * @param blockGroups groups whose scales lie together in memory, before their codes
 * @param scale how scales are stored
 * @param zero the source of the zeros
 * @param quantizer quantises a group of floats; null if the format only comes from checkpoints
 * @param quantMethods the {@code quant_method}s of checkpoints whose weights it stores exactly
 */
public record QuantFormat(
        Codes codes,
        int group,
        int blockGroups,
        ScaleType scale,
        ZeroPoint zero,
        @Nullable GroupQuantizer quantizer,
        Set<String> quantMethods) {
    public QuantFormat {
        quantMethods = Set.copyOf(quantMethods);
    }

    /** A format to which the weights of any checkpoint can be quantised. */
    static QuantFormat made(
            Codes codes,
            int group,
            int blockGroups,
            ScaleType scale,
            ZeroPoint zero,
            GroupQuantizer quantizer) {
        return new QuantFormat(codes, group, blockGroups, scale, zero, quantizer, Set.of());
    }

    /** A format that only comes from checkpoints. */
    static QuantFormat stored(
            Codes codes,
            int group,
            int blockGroups,
            ScaleType scale,
            ZeroPoint zero,
            String... quantMethods) {
        return new QuantFormat(codes, group, blockGroups, scale, zero, null, Set.of(quantMethods));
    }

    /** Quantises the groups of one format. */
    @FunctionalInterface
    public interface GroupQuantizer {
        /**
         * Quantises a group.
         *
         * @param weights finite; zeros stand for those beyond the end of a row
         * @param codes receives their codes
         * @return the scale, one that the format stores exactly
         */
        float quantize(float[] weights, int[] codes);
    }

    /** Weights of a row in one block of memory. */
    public int blockWeights() {
        return blockGroups * group;
    }

    /** Entries of a header for each group: the scale, and a zero or a minimum. */
    private int entries() {
        return storesZeros() || storesMinima() ? 2 : 1;
    }

    /** Bytes of a row's scales, and of zeros or minima, of a group. */
    int groupHeaderBytes() {
        return entries() * scale.bytes();
    }

    /** Bytes of the factors of a row's nested scales and minima in a block. */
    int factorBytes() {
        return entries() * scale.blockBytes();
    }

    /** Bytes of a row's factors, scales, zeros and minima in a block. */
    public int blockHeaderBytes() {
        return factorBytes() + blockGroups * groupHeaderBytes();
    }

    /** Bytes of a row's share of a block. */
    public int blockBytes() {
        return blockHeaderBytes() + blockWeights() * codes.bits() / Byte.SIZE;
    }

    /** Whether each group stores a zero. */
    public boolean storesZeros() {
        return zero == ZeroPoint.STORED;
    }

    /** Whether each group stores a minimum. */
    public boolean storesMinima() {
        return zero == ZeroPoint.MINIMUM;
    }

    /** Whether scales, and minima, are bytes times a factor of the block. */
    public boolean nested() {
        return scale == ScaleType.NESTED;
    }

    /** The zero of groups that store none. */
    public int fixedZero() {
        return zero == ZeroPoint.MIDDLE ? 1 << (codes.bits() - 1) : 0;
    }
}
