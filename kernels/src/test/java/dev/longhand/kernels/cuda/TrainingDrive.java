package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.activation.SwiGluGradient;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.embedding.EmbeddingGradient;
import dev.longhand.kernels.lora.Dropout;
import dev.longhand.kernels.loss.CrossEntropy;
import dev.longhand.kernels.matmul.LinearGradient;
import dev.longhand.kernels.norm.RmsNormGradient;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.reference.ReferenceBackend;
import dev.longhand.kernels.rope.Rotation;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/** Runs ops of training; their double-precision references are the oracle. Values are BF16. */
abstract class TrainingDrive extends FaultDrive {
    private static final int[] IDS = {5, 2, 5, 0, 5};

    /** The ops over inputs that {@code next} draws; every output is read. */
    abstract void run(Ops ops);

    abstract void oracle(Inputs inputs, List<double[]> outputs);

    /** Draws the same inputs in the same order for the device and the oracle. */
    static final class Inputs {
        private final Random random = new Random(5);

        double[] next(int count) {
            double[] values = new double[count];
            for (int i = 0; i < count; i++) {
                values[i] = BFloat16.round((float) random.nextGaussian());
            }
            return values;
        }
    }

    /** Tensors of a backend. */
    static final class Ops {
        private final TrainingBackend backend;
        private final TensorArena arena;
        private final Arena host;
        private final Inputs inputs = new Inputs();
        private final List<Tensor> outputs = new ArrayList<>();

        Ops(TrainingBackend backend, TensorArena arena, Arena host) {
            this.backend = backend;
            this.arena = arena;
            this.host = host;
        }

        Tensor next(int rows, int width) {
            HostTensor values = HostTensor.allocate(host, DType.F32, Shape.of(rows, width));
            double[] drawn = inputs.next(rows * width);
            for (int i = 0; i < drawn.length; i++) {
                values.set(i, (float) drawn[i]);
            }
            Tensor tensor = arena.allocate(DType.F32, values.shape());
            backend.write(values, tensor);
            return tensor;
        }

        Tensor zeros(int rows, int width) {
            return arena.allocate(DType.F32, Shape.of(rows, width));
        }

        Tensor bf16(Tensor tensor) {
            Tensor copy = arena.allocate(DType.BF16, tensor.shape());
            backend.round(tensor, copy);
            return copy;
        }

        Tensor output(Tensor tensor) {
            outputs.add(tensor);
            return tensor;
        }

        private float[] read() {
            List<Float> all = new ArrayList<>();
            for (Tensor output : outputs) {
                HostTensor values = HostTensor.allocate(host, DType.F32, output.shape());
                backend.read(output, values);
                for (long i = 0; i < output.shape().elements(); i++) {
                    all.add(values.get(i));
                }
            }
            return flat(all.stream().mapToDouble(Float::doubleValue).toArray());
        }
    }

    private static float[] flat(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }

    @Override
    float[] run(CudaLibrary library, int ordinal, Function<String, byte[]> ptx) {
        try (TrainingBackend backend =
                        new CudaTrainingBackend(
                                library, ordinal, new ReferenceBackend(), false, ptx);
                TensorArena arena = backend.arena();
                Arena host = Arena.ofConfined()) {
            Ops ops = new Ops(backend, arena, host);
            run(ops);
            return ops.read();
        }
    }

    @Override
    float[] oracle() {
        List<double[]> outputs = new ArrayList<>();
        oracle(new Inputs(), outputs);
        return flat(outputs.stream().flatMapToDouble(Arrays::stream).toArray());
    }

    /** A linear layer and its gradients over 70 rows: two tiles each way, and tails. */
    static TrainingDrive products() {
        int rows = 70;
        int inputs = 72;
        int outputs = 68;
        return new TrainingDrive() {
            @Override
            void run(Ops ops) {
                Tensor x = ops.next(rows, inputs);
                Tensor weights = ops.next(outputs, inputs);
                Tensor dout = ops.next(rows, outputs);
                Tensor out = ops.output(ops.zeros(rows, outputs));
                Tensor dx = ops.output(ops.zeros(rows, inputs));
                Tensor dweights = ops.output(ops.zeros(outputs, inputs));
                ops.backend.linear(x, ops.bf16(weights), null, 1, out, false);
                ops.backend.linearBackwardInput(dout, ops.bf16(weights), 1, dx, false);
                ops.backend.linearBackwardWeight(dout, x, dweights);
            }

            @Override
            void oracle(Inputs drawn, List<double[]> results) {
                double[] x = drawn.next(rows * inputs);
                double[] weights = drawn.next(outputs * inputs);
                double[] dout = drawn.next(rows * outputs);
                results.add(LinearGradient.forward(x, rows, weights, null, 1));
                results.add(LinearGradient.backwardInput(dout, rows, weights, 1));
                results.add(LinearGradient.backwardWeight(dout, x, rows));
            }

            @Override
            double bound() {
                return 4 * Math.ulp(largest()) * Math.sqrt(inputs);
            }
        };
    }

    /** Attention of two heads over one key head, 70 positions: two tiles of queries. */
    static TrainingDrive attention() {
        CausalAttention shape = new CausalAttention(70, 2, 1, 32);
        int rows = shape.positions();
        int queries = shape.heads() * shape.headDim();
        int keys = shape.headDim();
        return new TrainingDrive() {
            @Override
            void run(Ops ops) {
                Tensor q = ops.next(rows, queries);
                Tensor k = ops.next(rows, keys);
                Tensor v = ops.next(rows, keys);
                Tensor dout = ops.next(rows, queries);
                Tensor out = ops.output(ops.zeros(rows, queries));
                Tensor lse = ops.output(ops.zeros(rows, shape.heads()));
                Tensor dq = ops.output(ops.zeros(rows, queries));
                Tensor dk = ops.output(ops.zeros(rows, keys));
                Tensor dv = ops.output(ops.zeros(rows, keys));
                ops.backend.attention(shape, q, k, v, out, lse);
                ops.backend.attentionBackward(shape, q, k, v, out, lse, dout, dq, dk, dv);
            }

            @Override
            void oracle(Inputs drawn, List<double[]> results) {
                double[] q = drawn.next(rows * queries);
                double[] k = drawn.next(rows * keys);
                double[] v = drawn.next(rows * keys);
                double[] dout = drawn.next(rows * queries);
                double[] out = new double[rows * queries];
                double[] lse = new double[rows * shape.heads()];
                double[] dq = new double[q.length];
                double[] dk = new double[k.length];
                double[] dv = new double[v.length];
                shape.forward(q, k, v, out, lse);
                shape.backward(q, k, v, out, lse, dout, dq, dk, dv);
                results.addAll(List.of(out, lse, dq, dk, dv));
            }

            @Override
            double bound() {
                return largest() / 256;
            }
        };
    }

    /** Gradients of norm, SwiGLU, rotation and embedding. */
    static TrainingDrive layers() {
        int rows = 20;
        int width = 40;
        return new TrainingDrive() {
            @Override
            void run(Ops ops) {
                Tensor x = ops.next(rows, width);
                Tensor weight = ops.next(1, width);
                Tensor dout = ops.next(rows, width);
                Tensor dx = ops.output(ops.zeros(rows, width));
                Tensor dweight = ops.output(ops.zeros(1, width));
                ops.backend.rmsNormBackward(x, weight, 1e-2f, dout, dx, dweight);
                Tensor gate = ops.output(ops.next(rows, width));
                Tensor up = ops.output(ops.next(rows, width));
                Tensor activated = ops.output(ops.next(rows, width));
                ops.backend.swiGluBackward(gate, up, Activation.SILU, activated);
                Tensor rotated = ops.output(ops.next(rows, width));
                ops.backend.rotate(rotated, ops.next(rows, 8), true);
                Tensor dtable = ops.output(ops.zeros(6, width));
                ops.backend.embedBackward(ops.next(IDS.length, width), IDS, 1, dtable);
            }

            @Override
            void oracle(Inputs drawn, List<double[]> results) {
                double[] x = drawn.next(rows * width);
                double[] weight = drawn.next(width);
                double[] dweight = new double[width];
                double[] dout = drawn.next(rows * width);
                results.add(RmsNormGradient.backward(x, weight, 1e-2f, dout, dweight));
                results.add(dweight);
                double[] gate = drawn.next(rows * width);
                double[] up = drawn.next(rows * width);
                double[] activated = drawn.next(rows * width);
                SwiGluGradient.backward(gate, up, Activation.SILU, activated);
                results.addAll(List.of(gate, up, activated));
                double[] rotated = drawn.next(rows * width);
                Rotation.rotate(rotated, drawn.next(rows * 8), rows, 8, true);
                results.add(rotated);
                double[] dtable = new double[6 * width];
                EmbeddingGradient.backward(drawn.next(IDS.length * width), IDS, 1, dtable);
                results.add(dtable);
            }

            @Override
            double bound() {
                return 4 * Math.ulp(largest()) * Math.sqrt(width);
            }
        };
    }

    /** Loss, optimizer and dropout. */
    static TrainingDrive step() {
        int width = 600;
        AdamW adamW = new AdamW(3, 1e-2, 0.5, 0.9, 0.999, 1e-8, 0.01);
        return new TrainingDrive() {
            @Override
            void run(Ops ops) {
                Tensor logits = ops.output(ops.next(2, width));
                Tensor losses = ops.output(ops.zeros(1, 3));
                double[] found = new double[2];
                ops.backend.crossEntropy(logits, new int[] {7, 599}, 0, 0.5, found, new int[2]);
                Tensor master = ops.output(ops.next(1, width));
                Tensor gradient = ops.next(1, width);
                Tensor first = ops.output(ops.next(1, width));
                Tensor second = ops.output(ops.zeros(1, width));
                ops.backend.update(adamW, master, gradient, first, second, null);
                HostTensor scalars = HostTensor.allocate(ops.host, DType.F32, losses.shape());
                scalars.set(0, (float) found[0]);
                scalars.set(1, (float) found[1]);
                scalars.set(2, (float) ops.backend.sumOfSquares(gradient) / width);
                ops.backend.write(scalars, losses);
                Tensor dropped = ops.output(ops.zeros(1, width));
                ops.backend.dropout(ops.next(1, width), 3, 77, 0.5, dropped, false);
            }

            @Override
            void oracle(Inputs drawn, List<double[]> results) {
                double[] logits = drawn.next(2 * width);
                double[] losses = CrossEntropy.differentiate(logits, new int[] {7, 599}, 0, 0.5);
                double[] master = drawn.next(width);
                double[] gradient = drawn.next(width);
                double[] first = drawn.next(width);
                double[] second = new double[width];
                adamW.update(master, gradient, first, second);
                double squares = 0;
                for (double g : gradient) {
                    squares += g * g;
                }
                double[] dropped = drawn.next(width);
                for (int i = 0; i < width; i++) {
                    dropped[i] *= Dropout.factor(77, i + 3L * width, 0.5);
                }
                double[] scalars = {losses[0], losses[1], squares / width};
                results.addAll(List.of(logits, scalars, master, first, second, dropped));
            }

            @Override
            double bound() {
                return 4 * Math.ulp(largest());
            }
        };
    }
}
