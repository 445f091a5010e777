package dev.longhand.training.model;

import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TrainingScratch;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The memory that a decoder in training takes, computed before it is opened.
 *
 * @param frozen weights that are not trained
 * @param trained tensors in training
 * @param sequence activations and their gradients for the longest sequence
 * @param scratchBytes rotations and the scratch memory of a CPU's kernels
 * @param deviceScratchBytes rotations and the scratch memory of a GPU's kernels
 */
public record TrainingPlan(
        Frozen frozen,
        Trained trained,
        Sequence sequence,
        long scratchBytes,
        long deviceScratchBytes) {
    private static final int STATES = 4; // master, gradient, two moments
    private static final int MOMENTS = 2;
    private static final int IN_FLIGHT = 2; // layers or inputs that a GPU holds of those elsewhere

    /**
     * Weights that are not trained.
     *
     * @param bytes all of them, as stored or quantised
     * @param layersBytes those of the layers among them
     * @param tableBytes the embedding table among them if only its rows are read: a GPU's host
     *     keeps it, and its pages become resident as tokens name rows
     * @param madeBytes those that are quantised or repacked in host memory; the others are mapped
     * @param layers number of layers
     * @param expandedBytes the largest quantised matrix in BF16, which a GPU makes for each product
     */
    public record Frozen(
            long bytes,
            long layersBytes,
            long tableBytes,
            long madeBytes,
            int layers,
            long expandedBytes) {
        private static final Frozen NONE = new Frozen(0, 0, 0, 0, 1, 0);

        private static Frozen of(Path folder, ModelConfig model, DecoderOptions options) {
            if (options.method() instanceof FullSettings) {
                return NONE;
            }
            ModelLayout layout = model.layout();
            try (Checkpoint checkpoint = Checkpoint.open(folder);
                    LinearWeights weights =
                            new LinearWeights(checkpoint, model, options.weights())) {
                long layers = 0;
                long made = 0;
                long expanded = 0;
                for (LinearModule module : layout.matrices().values()) {
                    boolean quantized = weights.quantized(module);
                    layers += module.equals(layout.head()) ? 0 : weights.bytes(module);
                    made += quantized ? weights.bytes(module) : 0;
                    expanded = Math.max(expanded, quantized ? DType.BF16.bytes(module.shape()) : 0);
                }
                boolean shared = layout.tied() && !weights.copiesHead();
                return new Frozen(
                        weights.bytes(),
                        layers,
                        shared ? 0 : weights.tableBytes(),
                        made,
                        model.layers(),
                        expanded);
            }
        }

        private long deviceBytes(boolean streamed) {
            long resident = bytes - tableBytes + expandedBytes;
            return streamed
                    ? resident - layersBytes + IN_FLIGHT * (layersBytes / layers)
                    : resident;
        }
    }

    /**
     * Tensors in training.
     *
     * @param parameters number of values
     * @param largest that of the largest tensor
     * @param bytes masters, gradients and both moments in F32, and copies in BF16
     */
    public record Trained(long parameters, long largest, long bytes) {
        private static Trained of(ModelLayout layout, TrainingMethod method) {
            return switch (method) {
                case FullSettings full -> {
                    long copy = full.bf16() ? DType.BF16.bytes() : 0;
                    long all = layout.parameters();
                    yield new Trained(
                            all, layout.embedding().shape().elements(), all * (STATE_BYTES + copy));
                }
                case LoraSettings lora -> {
                    long[] sizes = sizes(layout, lora).toArray();
                    long all = Arrays.stream(sizes).sum();
                    yield new Trained(all, Arrays.stream(sizes).max().orElse(0), all * STATE_BYTES);
                }
            };
        }

        private static final long STATE_BYTES = (long) STATES * Float.BYTES;

        private static LongStream sizes(ModelLayout layout, LoraSettings lora) {
            return layout.layers().stream()
                    .flatMap(layer -> layer.linears().entrySet().stream())
                    .filter(each -> lora.targets().contains(each.getKey()))
                    .map(Map.Entry<Projection, LinearModule>::getValue)
                    .flatMapToLong(
                            each ->
                                    LongStream.of(
                                            (long) lora.rank() * each.inputs(),
                                            (long) lora.rank() * each.outputs()));
        }

        private long deviceBytes(boolean momentsOnHost) {
            long moments = (long) MOMENTS * Float.BYTES;
            return momentsOnHost ? bytes - moments * (parameters - largest) : bytes;
        }
    }

    /**
     * The longest sequence.
     *
     * @param bytes activations and gradients
     * @param inputs number of the layers' inputs among them, that of the head included
     * @param inputBytes each of them
     */
    public record Sequence(long bytes, int inputs, long inputBytes) {
        private long deviceBytes(boolean inputsOnHost) {
            return inputsOnHost ? bytes - (inputs - IN_FLIGHT) * inputBytes : bytes;
        }
    }

    /**
     * Computes the plan for a checkpoint folder.
     *
     * @param options the layout among them is not looked at: a plan knows all
     * @param tokensMax tokens of the longest sequence
     */
    public static TrainingPlan of(Path folder, DecoderOptions options, int tokensMax) {
        ModelConfig model = ModelConfig.read(folder);
        CausalAttention attention =
                new CausalAttention(tokensMax, model.heads(), model.kvHeads(), model.headDim());
        long rotations = DType.F32.bytes(Shape.of(model.maxPositions(), model.headDim()));
        long deltas = DType.F32.bytes(Shape.of(tokensMax, model.heads()));
        DecoderOptions resident = options.withLayout(DeviceLayout.RESIDENT);
        try (SequenceMemory memory = new SequenceMemory(null, model, resident, tokensMax)) {
            return new TrainingPlan(
                    Frozen.of(folder, model, options),
                    Trained.of(model.layout(), options.method()),
                    new Sequence(
                            memory.bytes(),
                            model.layers() + 1,
                            DType.F32.bytes(Shape.of(tokensMax, model.hiddenSize()))),
                    rotations + TrainingScratch.bytes(attention, options.threads()),
                    rotations + deltas);
        }
    }

    /** Returns the sum: what a CPU takes. */
    public long bytes() {
        return frozen.bytes + trained.bytes + sequence.bytes + scratchBytes;
    }

    /** Returns the bytes that a GPU takes. */
    public long deviceBytes(DeviceLayout layout) {
        return frozen.deviceBytes(layout.streamed())
                + trained.deviceBytes(layout.momentsOnHost())
                + sequence.deviceBytes(layout.inputsOnHost())
                + deviceScratchBytes;
    }

    /**
     * Returns the host memory that a run on a GPU takes: quantised weights, all trained values as
     * they are saved, and what the layout keeps there. Weights as stored are mapped files.
     */
    public long hostBytes(DeviceLayout layout) {
        long inputs = layout.inputsOnHost() ? (sequence.inputs - 1) * sequence.inputBytes : 0;
        return frozen.madeBytes + Trained.STATE_BYTES * trained.parameters + inputs;
    }

    /**
     * Returns the first layout that fits, which moves least; empty if none does.
     *
     * @param method what is trained: all weights are never streamed
     */
    public Optional<DeviceLayout> layoutFor(long usableBytes, TrainingMethod method) {
        return Arrays.stream(DeviceLayout.values())
                .filter(layout -> layout.allows(method))
                .filter(layout -> deviceBytes(layout) <= usableBytes)
                .findFirst();
    }
}
