package dev.longhand.kernels.cuda;

import static dev.longhand.kernels.cuda.DeviceTensor.address;

import dev.longhand.kernels.backend.TrainingShapes;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

/** The launches of {@code linear_training.cu}: a linear layer and its gradients. */
final class TrainingProducts {
    private static final int TILE = 64;
    private static final int THREADS = 128;

    private final FrozenWeights frozen;
    private final KernelCall forwardBf16;
    private final KernelCall forwardF32;
    private final KernelCall inputBf16;
    private final KernelCall inputF32;
    private final KernelCall weight;

    TrainingProducts(CudaKernels kernels, FrozenWeights frozen) {
        this.frozen = frozen;
        String module = "linear_training";
        forwardBf16 = kernels.call(module, "linear_forward_bf16");
        forwardF32 = kernels.call(module, "linear_forward_f32");
        inputBf16 = kernels.call(module, "linear_backward_input_bf16");
        inputF32 = kernels.call(module, "linear_backward_input_f32");
        weight = kernels.call(module, "linear_backward_weight");
    }

    private static void launch(KernelCall call, int rows, int columns) {
        call.launch(Math.ceilDiv(columns, TILE), Math.ceilDiv(rows, TILE), 1, THREADS);
    }

    void forward(
            Tensor x,
            Tensor weights,
            @Nullable Tensor bias,
            double scale,
            Tensor out,
            boolean accumulate) {
        DeviceTensor operand = frozen.operand(weights);
        int rows = TrainingShapes.rows(x);
        int outputs = TrainingShapes.width(out);
        KernelCall call = operand.dtype() == DType.F32 ? forwardF32 : forwardBf16;
        call.begin().parameter(address(x)).parameter(operand.address());
        call.parameter(bias == null ? 0 : frozen.address(bias)).parameter((float) scale);
        call.parameter(address(out)).parameter(accumulate ? 1 : 0);
        call.parameter(rows).parameter(TrainingShapes.width(x)).parameter(outputs);
        launch(call, rows, outputs);
    }

    void backwardInput(Tensor dout, Tensor weights, double scale, Tensor dx, boolean accumulate) {
        DeviceTensor operand = frozen.operand(weights);
        int rows = TrainingShapes.rows(dout);
        int inputs = TrainingShapes.width(dx);
        KernelCall call = operand.dtype() == DType.F32 ? inputF32 : inputBf16;
        call.begin().parameter(address(dout)).parameter(operand.address());
        call.parameter((float) scale).parameter(address(dx)).parameter(accumulate ? 1 : 0);
        call.parameter(rows).parameter(inputs).parameter(TrainingShapes.width(dout));
        launch(call, rows, inputs);
    }

    void backwardWeight(Tensor dout, Tensor x, Tensor dweights) {
        int inputs = TrainingShapes.width(x);
        int outputs = TrainingShapes.width(dout);
        weight.begin().parameter(address(dout)).parameter(address(x));
        weight.parameter(address(dweights)).parameter(TrainingShapes.rows(x));
        weight.parameter(inputs).parameter(outputs);
        launch(weight, outputs, inputs);
    }
}
