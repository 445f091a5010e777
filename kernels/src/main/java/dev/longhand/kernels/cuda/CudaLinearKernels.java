package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;

/** The launches of {@code linear_skinny.cu} and {@code linear_wide.cu}. */
final class CudaLinearKernels {
    private static final int SKINNY_ROWS_MAX = 16;
    private static final int SKINNY_TILE = 8;
    private static final int SKINNY_THREADS = 256;
    private static final int SKINNY_OUTPUTS = 16;
    private static final int WIDE_TILE = 64;
    private static final int WIDE_THREADS = 128;
    private static final int PROBLEM_BYTES = 5 * Long.BYTES + 7 * Integer.BYTES;

    private final CudaDriver driver;
    private final long stream;
    private final Kind plain;
    private final Kind normed;
    private final Kind gated;

    /** One product in the shapes of its kernels. */
    private record Kind(KernelCall eight, KernelCall sixteen, KernelCall odd, KernelCall wide) {
        static Kind of(CudaKernels kernels, Arena arena, String suffix) {
            String skinny = "linear_skinny" + suffix;
            return new Kind(
                    call(kernels, arena, "linear_skinny", skinny + "_8"),
                    call(kernels, arena, "linear_skinny", skinny + "_16"),
                    call(kernels, arena, "linear_skinny", skinny + "_odd"),
                    call(kernels, arena, "linear_wide", "linear_wide" + suffix));
        }

        private static KernelCall call(
                CudaKernels kernels, Arena arena, String module, String kernel) {
            return new KernelCall(arena, kernels.function(module, kernel), PROBLEM_BYTES);
        }
    }

    CudaLinearKernels(CudaDriver driver, long stream, CudaKernels kernels, Arena arena) {
        this.driver = driver;
        this.stream = stream;
        plain = Kind.of(kernels, arena, "");
        normed = Kind.of(kernels, arena, "_normed");
        gated = Kind.of(kernels, arena, "_gated");
    }

    /** Queues one product; with a norm, of the normed input. */
    void run(
            CudaLinear linear,
            Tensor x,
            @Nullable Norm norm,
            Tensor out,
            int rows,
            boolean accumulate) {
        Kind kind = linear.gated() ? gated : norm != null ? normed : plain;
        boolean aligned = linear.inputs() % CudaMatrix.CHUNK == 0;
        boolean wide = aligned && rows > SKINNY_ROWS_MAX;
        boolean eight = aligned && rows <= SKINNY_TILE;
        KernelCall call = wide ? kind.wide : eight ? kind.eight : aligned ? kind.sixteen : kind.odd;
        set(call, linear, x, norm, out, rows, accumulate);
        int packed = linear.matrix().rows();
        if (wide) {
            int columns = Math.ceilDiv(packed, WIDE_TILE);
            int tiles = Math.ceilDiv(rows, WIDE_TILE);
            call.launch(driver, stream, columns, tiles, 1, WIDE_THREADS);
        } else {
            int columns = Math.ceilDiv(packed, SKINNY_OUTPUTS);
            int tiles = Math.ceilDiv(rows, eight ? SKINNY_TILE : 2 * SKINNY_TILE);
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
}
