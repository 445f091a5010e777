package dev.longhand.kernels.cuda;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * The launches of {@code linear_skinny.cuh} and {@code linear_wide.cuh}, and of {@code
 * lora_shrink.cu} before them where rows have adapters.
 */
final class CudaLinearKernels {
    private static final int SKINNY_ROWS_MAX = 16;
    private static final int SKINNY_TILE = 8;
    private static final int SKINNY_THREADS = 256;
    private static final int SKINNY_OUTPUTS = 16;
    private static final int WIDE_TILE = 64;
    private static final int WIDE_THREADS = 128;

    /**
     * Blocks per part of A x; each block takes every 32nd tile. With 8 parts, and 2 blocks per SM,
     * they occupy the 132 SMs of a large GPU. A block without a tile ends at once.
     */
    private static final int SHRINK_BLOCKS = 32;

    private static final int SHRINK_THREADS = 256;

    private final CudaLoras loras;
    private final CudaKernels kernels;
    private final Map<DType, Format> formats = new EnumMap<>(DType.class);
    private final Shrink plainShrink;
    private final Shrink normedShrink;
    private @Nullable CublasPrefill cublas;

    /** The products with weights of one dtype. */
    private record Format(Product plain, Product normed, Product gated) {}

    /** The kernels of one product, without and with adapters. */
    private record Product(Shapes base, Shapes adapted) {}

    /**
     * The kernels of a product: for up to 8 rows, for up to 16, for input widths that are not whole
     * chunks with any number of rows, and for more than 16 rows.
     *
     * @param takesAdapters whether the kernels have a parameter {@code Adapted}
     */
    private record Shapes(
            KernelCall eight,
            KernelCall sixteen,
            KernelCall odd,
            KernelCall wide,
            boolean takesAdapters) {}

    /** The kernels of A x: for inputs in whole chunks, and for other widths. */
    private record Shrink(KernelCall aligned, KernelCall odd) {}

    CudaLinearKernels(CudaKernels kernels, CudaLoras loras) {
        this.loras = loras;
        this.kernels = kernels;
        plainShrink = shrink("lora_shrink");
        normedShrink = shrink("lora_shrink_normed");
        prepare(DType.BF16);
    }

    /** Loads the kernels for the dtype of a linear layer; returns the layer. */
    CudaLinear prepare(CudaLinear linear) {
        prepare(linear.matrix().dtype());
        return linear;
    }

    private void prepare(DType weights) {
        formats.computeIfAbsent(
                weights,
                dtype ->
                        new Format(
                                product(dtype, ""),
                                product(dtype, "_normed"),
                                product(dtype, "_gated")));
    }

    private Product product(DType weights, String kind) {
        if (weights == DType.BF16) {
            return new Product(shapes("", kind, false), shapes("", "_lora" + kind, true));
        }
        String format = "_" + weights.label();
        Shapes both = shapes(format, kind, true);
        return new Product(both, both);
    }

    private Shapes shapes(String format, String kind, boolean takesAdapters) {
        String skinny = "linear_skinny" + format;
        String wide = "linear_wide" + format;
        return new Shapes(
                kernels.call(skinny, skinny + kind + "_8"),
                kernels.call(skinny, skinny + kind + "_16"),
                kernels.call(skinny, skinny + kind + "_odd"),
                kernels.call(wide, wide + kind),
                takesAdapters);
    }

    private Shrink shrink(String kernel) {
        return new Shrink(
                kernels.call("lora_shrink", kernel), kernels.call("lora_shrink", kernel + "_odd"));
    }

    /** Uses cuBLAS for the products that {@link CublasPrefill#takes} accepts. */
    void prefillBy(CublasPrefill peer) {
        cublas = peer;
    }

    /**
     * Queues one product with the rows' adapters.
     *
     * @param normWeight weights of an RMSNorm that is applied to x first, or null for none
     * @param eps epsilon of the norm
     * @param activation of the gate, unused unless the layer is gated
     */
    void run(
            CudaLinear linear,
            CudaTensor x,
            @Nullable CudaTensor normWeight,
            float eps,
            Activation activation,
            CudaTensor out,
            Rows rows,
            boolean accumulate) {
        Format format = Objects.requireNonNull(formats.get(linear.matrix().dtype()));
        Product product =
                linear.gated() ? format.gated : normWeight != null ? format.normed : format.plain;
        long table = loras.table(rows, linear);
        CublasPrefill peer = linear.matrix().dtype() == DType.BF16 ? cublas : null;
        if (peer != null && table == 0 && peer.takes(rows)) {
            peer.run(linear, x, normWeight, eps, activation, out, rows.rows(), accumulate);
            return;
        }
        boolean aligned = linear.inputs() % CudaMatrix.CHUNK == 0;
        int count = rows.rows();
        if (table != 0) {
            Shrink kinds = normWeight != null ? normedShrink : plainShrink;
            KernelCall shrink = aligned ? kinds.aligned : kinds.odd;
            LinearStructs.setProblem(
                    shrink.begin(), linear, x, normWeight, eps, activation, out, count, accumulate);
            LinearStructs.setAdapted(shrink, linear, table);
            int parts = CudaLoras.parts(count);
            shrink.launch(SHRINK_BLOCKS, parts, 1, SHRINK_THREADS);
        }
        Shapes shapes = table != 0 ? product.adapted : product.base;
        boolean wide = aligned && count > SKINNY_ROWS_MAX;
        boolean eight = aligned && count <= SKINNY_TILE;
        KernelCall call =
                wide ? shapes.wide : eight ? shapes.eight : aligned ? shapes.sixteen : shapes.odd;
        LinearStructs.setProblem(
                call.begin(), linear, x, normWeight, eps, activation, out, count, accumulate);
        if (shapes.takesAdapters) {
            LinearStructs.setAdapted(call, linear, table);
        }
        int packed = linear.matrix().rows();
        if (wide) {
            int columns = Math.ceilDiv(packed, WIDE_TILE);
            int tiles = Math.ceilDiv(count, WIDE_TILE);
            call.launch(columns, tiles, 1, WIDE_THREADS);
        } else {
            int columns = Math.ceilDiv(packed, SKINNY_OUTPUTS);
            int tiles = Math.ceilDiv(count, eight ? SKINNY_TILE : 2 * SKINNY_TILE);
            call.launch(columns, tiles, 1, SKINNY_THREADS);
        }
    }
}
