package dev.longhand.engine.weights;

import dev.longhand.engine.architecture.QuantizationScheme;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.QuantizedMatrix;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A linear layer of K inputs and N outputs as GPTQ and AWQ store it. Each int32 packs 32/bits
 * integers, the first in the lowest bits:
 *
 * <pre>
 * GPTQ  qweight [K bits/32, N]  along inputs
 * AWQ   qweight [K, N/8]        along outputs, in the order 0, 2, 4, 6, 1, 3, 5, 7
 * both  qzeros  [groups, N bits/32]  along outputs, in that order for AWQ
 *       scales  [groups, N]     F16
 * GPTQ  g_idx   [K]             the group of each input, if stored</pre>
 *
 * Sources: {@code qlinear_cuda_old.py} of AutoGPTQ 0.7 and {@code modules/linear/gemm.py} of
 * AutoAWQ 0.2, {@code pack} and {@code from_linear}.
 */
public final class PackedLinear implements PackedWeights {
    private static final int WORD_BITS = 32;

    private static final ValueLayout.OfInt I32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Checkpoint checkpoint;
    private final String module;
    private final QuantizationScheme scheme;
    private final int inputs;
    private final int outputs;
    private final HostTensor qweight;
    private final HostTensor qzeros;
    private final HostTensor scales;

    private PackedLinear(
            Checkpoint checkpoint,
            String module,
            QuantizationScheme scheme,
            int inputs,
            int outputs,
            HostTensor qweight,
            HostTensor qzeros,
            HostTensor scales) {
        this.checkpoint = checkpoint;
        this.module = module;
        this.scheme = scheme;
        this.inputs = inputs;
        this.outputs = outputs;
        this.qweight = qweight;
        this.qzeros = qzeros;
        this.scales = scales;
    }

    /**
     * Returns whether a checkpoint stores a module, for example {@code lm_head}, in packed form.
     */
    public static boolean isIn(Checkpoint checkpoint, String module) {
        return checkpoint.has(module + ".qweight");
    }

    /**
     * Returns a layer of a checkpoint.
     *
     * @param module name without a tensor suffix such as {@code .qweight}
     * @param shape [outputs, inputs] of the weights
     * @throws InputException if a tensor is missing, has another shape or dtype, a scale is not
     *     finite, or the inputs of a group are not consecutive
     */
    public static PackedLinear of(
            Checkpoint checkpoint, QuantizationScheme scheme, String module, Shape shape) {
        int outputs = Math.toIntExact(shape.extent(0));
        int inputs = Math.toIntExact(shape.extent(1));
        int perWord = WORD_BITS / scheme.bits();
        boolean gptq = scheme.method() == QuantizationScheme.Method.GPTQ;
        if (outputs % perWord != 0 || (gptq && inputs % perWord != 0)) {
            throw new InputException(
                    "%s: %s has %d inputs and %d outputs, which int32s of %d do not hold"
                            .formatted(
                                    checkpoint.path(),
                                    ErrorText.quote(module),
                                    inputs,
                                    outputs,
                                    perWord));
        }
        int groups = scheme.groups(inputs);
        Shape weights =
                gptq ? Shape.of(inputs / perWord, outputs) : Shape.of(inputs, outputs / perWord);
        HostTensor qweight = checkpoint.tensor(module + ".qweight", weights, DType.I32);
        HostTensor qzeros =
                checkpoint.tensor(
                        module + ".qzeros", Shape.of(groups, outputs / perWord), DType.I32);
        HostTensor scales =
                checkpoint.tensor(module + ".scales", Shape.of(groups, outputs), DType.F16);
        long at = scales.findNonFinite();
        if (at >= 0) {
            throw new InputException(
                    "%s: tensor %s.scales has NaN or infinity at element %d"
                            .formatted(checkpoint.path(), module, at));
        }
        if (gptq) {
            checkOrder(checkpoint, scheme, module, inputs);
        }
        return new PackedLinear(
                checkpoint, module, scheme, inputs, outputs, qweight, qzeros, scales);
    }

    /** Rejects act-order (desc_act), where the inputs of a group are not consecutive. */
    private static void checkOrder(
            Checkpoint checkpoint, QuantizationScheme scheme, String module, int inputs) {
        String name = module + ".g_idx";
        if (!checkpoint.has(name)) {
            return;
        }
        HostTensor groups = checkpoint.tensor(name, Shape.of(inputs), DType.I32);
        for (int k = 0; k < inputs; k++) {
            int wanted = scheme.groupInputs() == 0 ? 0 : k / scheme.groupInputs();
            int group = groups.data().getAtIndex(I32, k);
            if (group != wanted) {
                throw new InputException(
                        ("%s: %s puts input %d into group %d, not %d: inputs in the order of"
                                        + " activations (desc_act) are not supported")
                                .formatted(
                                        checkpoint.path(),
                                        ErrorText.quote(name),
                                        k,
                                        group,
                                        wanted));
            }
        }
    }

    /**
     * Checks that a bias stored for a layer without one is all zeros, as AutoGPTQ writes it.
     *
     * @throws InputException if the bias has a nonzero element, which would be ignored
     */
    public void requireNoBias() {
        String name = module + ".bias";
        if (!checkpoint.has(name)) {
            return;
        }
        HostTensor bias = checkpoint.tensor(name, Shape.of(outputs));
        for (int o = 0; o < outputs; o++) {
            if (bias.get(o) != 0) {
                throw new InputException(
                        "%s: %s is not zero at element %d; the model has no bias there"
                                .formatted(checkpoint.path(), ErrorText.quote(name), o));
            }
        }
    }

    /** Returns INT4_G128 or INT8_G128 according to the layer's bits. */
    @Override
    public DType dtype() {
        return scheme.dtype();
    }

    @Override
    public void writeTo(HostTensor packed) {
        QuantizedMatrix matrix = new QuantizedMatrix(packed);
        if (qweight.data().isMapped()) {
            qweight.data()
                    .load(); // reads sequentially; tiles alone would fault the pages in by columns
        }
        IntStream.range(0, Math.ceilDiv(outputs, QuantizedMatrix.TILE_ROWS))
                .parallel()
                .forEach(tile -> writeTile(matrix, tile * QuantizedMatrix.TILE_ROWS));
    }

    /** Repacks a tile of adjacent rows, which share the cache lines of both layouts. */
    private void writeTile(QuantizedMatrix matrix, int firstRow) {
        int end = Math.min(outputs, firstRow + QuantizedMatrix.TILE_ROWS);
        boolean awq = scheme.method() == QuantizationScheme.Method.AWQ;
        int[] codes = new int[matrix.group()];
        int[] words = new int[matrix.group() * scheme.bits() / WORD_BITS];
        for (int group = 0; group < matrix.groups(); group++) {
            int input = group * matrix.group();
            for (int row = firstRow; row < end; row++) {
                float scale = scale(row, input);
                int zero = zero(row, input);
                if (awq) {
                    awqCodes(row, input, codes);
                    matrix.put(row, group, scale, zero, codes);
                } else {
                    gptqWords(row, input, words);
                    matrix.putPacked(row, group, scale, zero, words);
                }
            }
        }
    }

    /** Reads an output's codes for the inputs from {@code first} on, stopping at the last input. */
    private void awqCodes(int output, int first, int[] codes) {
        int count = Math.min(codes.length, inputs - first);
        int shift = scheme.bits() * awqPlace(output % 8);
        for (int i = 0; i < count; i++) {
            long word = ((long) (first + i) * outputs + output) / 8;
            codes[i] = qweight.data().getAtIndex(I32, word) >>> shift & 15;
        }
    }

    /**
     * Reads an output's codes for the inputs from {@code first} on as packed words, the first code
     * in the lowest bits.
     */
    private void gptqWords(int output, int first, int[] words) {
        int perWord = WORD_BITS / scheme.bits();
        int count = Math.min(words.length, (inputs - first) / perWord);
        long at = (long) (first / perWord) * outputs + output;
        for (int i = 0; i < count; i++) {
            words[i] = qweight.data().getAtIndex(I32, at + (long) i * outputs);
        }
    }

    /**
     * Returns an output's place in its word: outputs 0, 2, 4, 6, 1, 3, 5, 7 are in places 0 to 7.
     */
    private static int awqPlace(int output) {
        return output / 2 + output % 2 * 4;
    }

    private float scale(int output, int input) {
        return scales.get((long) group(input) * outputs + output);
    }

    /**
     * Returns an output's zero point for the group of an input: 0 to 16 with 4 bits, 0 to 256 with
     * 8 bits.
     */
    private int zero(int output, int input) {
        int perWord = WORD_BITS / scheme.bits();
        boolean awq = scheme.method() == QuantizationScheme.Method.AWQ;
        int place = awq ? awqPlace(output % perWord) : output % perWord;
        long word = ((long) group(input) * outputs + output) / perWord;
        int stored = qzeros.data().getAtIndex(I32, word) >>> (scheme.bits() * place);
        return (stored & ((1 << scheme.bits()) - 1)) + scheme.zeroOffset();
    }

    private int group(int input) {
        return scheme.groupInputs() == 0 ? 0 : input / scheme.groupInputs();
    }

    @Override
    public long bytes() {
        long bytes = 0;
        for (String part : List.of(".qweight", ".qzeros", ".scales", ".g_idx")) {
            bytes += checkpoint.has(module + part) ? checkpoint.bytes(module + part) : 0;
        }
        return bytes;
    }

    @Override
    public void unload() {
        for (HostTensor tensor : new HostTensor[] {qweight, qzeros, scales}) {
            tensor.unload();
        }
    }
}
