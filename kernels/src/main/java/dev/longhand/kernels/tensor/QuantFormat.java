package dev.longhand.kernels.tensor;

import org.jspecify.annotations.Nullable;

import java.util.Set;

/**
 * A format of quantised weights, as data: how a {@link DType} keeps the matrices of linear layers.
 * A weight is scale (value of its code - zero), where the weights of a group share scale and zero;
 * {@link QuantizedMatrix} has the layout in memory.
 *
 * <p>Quantiser, layouts, reference, checkpoint readers and command lines read it here. Beside its
 * row in {@link DType}, a format has a decoder in C ({@code quantized.h}), without which no CPU
 * backend offers it, and in CUDA ({@code weights.cuh}).
 *
 * @param codes what codes stand for
 * @param group weights of a row, one after another, that share a scale: 32 or 128
 * @param blockGroups groups whose scales lie together in memory, before their codes
 * @param scale how scales are stored
 * @param zero where zeros come from
 * @param quantizer what makes a group of it from floats; null if checkpoints alone bring it
 * @param quantMethods the {@code quant_method}s of checkpoints whose weights it keeps exactly
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

    /** A format that weights of any checkpoint are quantised to. */
    static QuantFormat made(
            Codes codes,
            int group,
            int blockGroups,
            ScaleType scale,
            ZeroPoint zero,
            GroupQuantizer quantizer) {
        return new QuantFormat(codes, group, blockGroups, scale, zero, quantizer, Set.of());
    }

    /** A format that only checkpoints bring. */
    static QuantFormat stored(
            Codes codes,
            int group,
            int blockGroups,
            ScaleType scale,
            ZeroPoint zero,
            String... quantMethods) {
        return new QuantFormat(codes, group, blockGroups, scale, zero, null, Set.of(quantMethods));
    }

    /** Quantises groups. */
    @FunctionalInterface
    public interface GroupQuantizer {
        /**
         * Quantises a group.
         *
         * @param weights finite; zeros stand for those beyond the end of a row
         * @param codes where their codes go
         * @return the scale, one that the format stores exactly
         */
        float quantize(float[] weights, int[] codes);
    }

    /** Weights of a row that lie together in memory. */
    public int blockWeights() {
        return blockGroups * group;
    }

    /** Bytes of the scale of a group, and of its zero if it stores one. */
    private int groupHeaderBytes() {
        return (storesZeros() ? 2 : 1) * Short.BYTES;
    }

    /** Bytes of a row's scales and zeros in a block. */
    int blockHeaderBytes() {
        return blockGroups * groupHeaderBytes();
    }

    /** Bytes of a row's share of a block. */
    int blockBytes() {
        return blockHeaderBytes() + blockWeights() * codes.bits() / Byte.SIZE;
    }

    /** Whether each group stores a zero. */
    public boolean storesZeros() {
        return zero == ZeroPoint.STORED;
    }

    /** The zero of groups that store none. */
    int fixedZero() {
        return zero == ZeroPoint.MIDDLE ? 1 << (codes.bits() - 1) : 0;
    }
}
