package dev.longhand.kernels.cuda;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.cuda.KernelStruct.Float32;
import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.cuda.KernelStruct.Int64;
import dev.longhand.kernels.matmul.LinearMatrix;

import org.jspecify.annotations.Nullable;

import java.util.List;

/** Writes the parameters of the linear kernels: {@code Problem} and {@code Adapted}. */
final class LinearStructs {
    private static final KernelStruct PROBLEM = new KernelStruct("Problem");
    private static final Int64 X = PROBLEM.int64("x");
    private static final Int64 WEIGHTS = PROBLEM.int64("weights");
    private static final Int64 SCALES = PROBLEM.int64("scales");
    private static final Int64 NORM = PROBLEM.int64("norm");
    private static final Int64 BIAS = PROBLEM.int64("bias");
    private static final Int64 OUT = PROBLEM.int64("out");
    private static final Int32 WIDTH = PROBLEM.int32("width");
    private static final Int32 CHUNKS = PROBLEM.int32("chunks");
    private static final Int32 ROWS = PROBLEM.int32("rows");
    private static final Int32 OUTPUTS = PROBLEM.int32("outputs");
    private static final Int32 OUT_WIDTH = PROBLEM.int32("out_width");
    private static final Int32 ACCUMULATE = PROBLEM.int32("accumulate");
    private static final Int32 ACTIVATION = PROBLEM.int32("activation");
    private static final Float32 EPS = PROBLEM.float32("eps");

    private static final KernelStruct ADAPTED = new KernelStruct("Adapted");
    private static final Int64 TABLE = ADAPTED.int64("rows");
    private static final Int32 GROUP = ADAPTED.int32("group");
    private static final Int32 SECOND = ADAPTED.int32("second");
    private static final Int32 THIRD = ADAPTED.int32("third");

    private LinearStructs() {}

    /** Sets the next parameter of a call to the {@code Problem} of a product. */
    static void setProblem(
            KernelCall call,
            CudaLinear linear,
            CudaTensor x,
            @Nullable CudaTensor normWeight,
            float eps,
            Activation activation,
            CudaTensor out,
            int rows,
            boolean accumulate) {
        CudaMatrix matrix = linear.matrix();
        call.struct(PROBLEM)
                .set(X, x.address())
                .set(WEIGHTS, matrix.address())
                .set(SCALES, matrix.scales())
                .set(NORM, normWeight == null ? 0L : normWeight.address())
                .set(BIAS, linear.bias())
                .set(OUT, out.address())
                .set(WIDTH, linear.inputs())
                .set(CHUNKS, matrix.chunks())
                .set(ROWS, rows)
                .set(OUTPUTS, matrix.rows())
                .set(OUT_WIDTH, (int) out.shape().width())
                .set(ACCUMULATE, accumulate ? 1 : 0)
                .set(ACTIVATION, CudaActivations.code(activation))
                .set(EPS, eps);
    }

    /**
     * Sets the next parameter of a call to {@code Adapted}: the adapters that change the product.
     */
    static void setAdapted(KernelCall call, CudaLinear linear, long table) {
        List<LinearMatrix> matrices = linear.matrices();
        int second = matrices.getFirst().outputs();
        int third = matrices.size() < 2 ? second : second + matrices.get(1).outputs();
        call.struct(ADAPTED)
                .set(TABLE, table)
                .set(GROUP, linear.loraGroup())
                .set(SECOND, second)
                .set(THIRD, third);
    }
}
