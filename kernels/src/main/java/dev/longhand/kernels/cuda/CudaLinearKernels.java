package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * The launches of {@code linear_skinny.cu} and {@code linear_wide.cu}, and of {@code
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
     * Blocks for each part of A x, which take tiles in turns: with 8 parts, and 2 blocks an SM, all
     * 132 SMs of a large GPU are in use. A block without a tile ends at once.
     */
    private static final int SHRINK_BLOCKS = 32;

    private static final int SHRINK_THREADS = 256;
    private static final int PROBLEM_BYTES = 5 * Long.BYTES + 7 * Integer.BYTES;
    private static final int ADAPTED_BYTES = Long.BYTES + 4 * Integer.BYTES;

    private final CudaDriver driver;
    private final long stream;
    private final CudaLoras loras;
    private final Kind plain;
    private final Kind normed;
    private final Kind gated;
    private @Nullable CublasPrefill cublas;

    /** One product in the shapes of its kernels. */
    private record Kind(Shapes base, Shapes adapted, KernelCall shrink, KernelCall shrinkOdd) {
        static Kind of(CudaKernels kernels, Arena arena, String suffix, String shrinkSuffix) {
            String shrink = "lora_shrink" + shrinkSuffix;
            return new Kind(
                    Shapes.of(kernels, arena, suffix, PROBLEM_BYTES),
                    Shapes.of(kernels, arena, "_lora" + suffix, PROBLEM_BYTES, ADAPTED_BYTES),
                    shrink(kernels, arena, shrink),
                    shrink(kernels, arena, shrink + "_odd"));
        }

        private static KernelCall shrink(CudaKernels kernels, Arena arena, String kernel) {
            long function = kernels.function("lora_shrink", kernel);
            return new KernelCall(arena, function, PROBLEM_BYTES, ADAPTED_BYTES);
        }
    }

    /** The kernels of a product by number of rows, and for odd widths. */
    private record Shapes(KernelCall eight, KernelCall sixteen, KernelCall odd, KernelCall wide) {
        static Shapes of(CudaKernels kernels, Arena arena, String suffix, int... parameterBytes) {
            String skinny = "linear_skinny" + suffix;
            long wide = kernels.function("linear_wide", "linear_wide" + suffix);
            return new Shapes(
                    skinny(kernels, arena, skinny + "_8", parameterBytes),
                    skinny(kernels, arena, skinny + "_16", parameterBytes),
                    skinny(kernels, arena, skinny + "_odd", parameterBytes),
                    new KernelCall(arena, wide, parameterBytes));
        }

        private static KernelCall skinny(
                CudaKernels kernels, Arena arena, String kernel, int... parameterBytes) {
            long function = kernels.function("linear_skinny", kernel);
            return new KernelCall(arena, function, parameterBytes);
        }
    }

    CudaLinearKernels(
            CudaDriver driver, long stream, CudaKernels kernels, CudaLoras loras, Arena arena) {
        this.driver = driver;
        this.stream = stream;
        this.loras = loras;
        plain = Kind.of(kernels, arena, "", "");
        normed = Kind.of(kernels, arena, "_normed", "_normed");
        gated = Kind.of(kernels, arena, "_gated", "_normed");
    }

    /** Has cuBLAS multiply what it takes. */
    void prefillBy(CublasPrefill peer) {
        cublas = peer;
    }

    /** Queues one product with the rows' adapters; with a norm, of the normed input. */
    void run(
            CudaLinear linear,
            Tensor x,
            @Nullable Norm norm,
            Tensor out,
            Rows rows,
            boolean accumulate) {
        Kind kind = linear.gated() ? gated : norm != null ? normed : plain;
        long table = loras.table(rows, linear);
        CublasPrefill peer = cublas;
        if (peer != null && table == 0 && peer.takes(rows)) {
            peer.run(linear, x, norm, out, rows.rows(), accumulate);
            return;
        }
        boolean aligned = linear.inputs() % CudaMatrix.CHUNK == 0;
        int count = rows.rows();
        if (table != 0) {
            KernelCall shrink = aligned ? kind.shrink : kind.shrinkOdd;
            set(shrink, linear, x, norm, out, count, accumulate);
            setAdapted(shrink, linear, table);
            int parts = CudaLoras.parts(count);
            shrink.launch(driver, stream, SHRINK_BLOCKS, parts, 1, SHRINK_THREADS);
        }
        Shapes shapes = table != 0 ? kind.adapted : kind.base;
        boolean wide = aligned && count > SKINNY_ROWS_MAX;
        boolean eight = aligned && count <= SKINNY_TILE;
        KernelCall call =
                wide ? shapes.wide : eight ? shapes.eight : aligned ? shapes.sixteen : shapes.odd;
        set(call, linear, x, norm, out, count, accumulate);
        if (table != 0) {
            setAdapted(call, linear, table);
        }
        int packed = linear.matrix().rows();
        if (wide) {
            int columns = Math.ceilDiv(packed, WIDE_TILE);
            int tiles = Math.ceilDiv(count, WIDE_TILE);
            call.launch(driver, stream, columns, tiles, 1, WIDE_THREADS);
        } else {
            int columns = Math.ceilDiv(packed, SKINNY_OUTPUTS);
            int tiles = Math.ceilDiv(count, eight ? SKINNY_TILE : 2 * SKINNY_TILE);
            call.launch(driver, stream, columns, tiles, 1, SKINNY_THREADS);
        }
    }

    /** The fields of {@code Problem}. */
    private static void set(
            KernelCall call,
            CudaLinear linear,
            Tensor x,
            @Nullable Norm norm,
            Tensor out,
            int rows,
            boolean accumulate) {
        CudaMatrix matrix = linear.matrix();
        call.begin().next();
        call.field(((CudaTensor) x).address()).field(matrix.address());
        call.field(norm == null ? 0L : ((CudaTensor) norm.weight()).address());
        call.field(linear.bias()).field(((CudaTensor) out).address());
        call.field(linear.inputs()).field(matrix.chunks()).field(rows).field(matrix.rows());
        call.field((int) out.shape().width()).field(accumulate ? 1 : 0);
        call.field(norm == null ? 0f : norm.eps());
    }

    /** The fields of {@code Adapted}. */
    private static void setAdapted(KernelCall call, CudaLinear linear, long table) {
        List<LinearMatrix> matrices = linear.matrices();
        int second = matrices.getFirst().outputs();
        int third = matrices.size() < 2 ? second : second + matrices.get(1).outputs();
        call.next().field(table).field(linear.loraGroup()).field(second).field(third);
    }
}
