package dev.longhand.training.model;

import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.tensor.DType;

import java.nio.file.Path;
import java.util.Map;

/**
 * The memory that a decoder in training takes, computed before it is opened.
 *
 * @param frozenBytes weights that are not trained, as stored or quantised
 * @param trainedParameters number of trained values
 * @param trainedBytes masters, gradients and both moments in F32, and copies in BF16
 * @param sequenceBytes activations and their gradients for the longest sequence
 */
public record TrainingPlan(
        long frozenBytes, long trainedParameters, long trainedBytes, long sequenceBytes) {
    private static final int STATES = 4; // master, gradient, two moments

    /**
     * Computes the plan for a checkpoint folder.
     *
     * @param tokensMax tokens of the longest sequence
     */
    public static TrainingPlan of(Path folder, DecoderOptions options, int tokensMax) {
        ModelConfig model = ModelConfig.read(folder);
        long parameters = parameters(model.layout(), options.method());
        boolean copies = options.method() instanceof FullSettings full && full.bf16();
        long perParameter = (long) STATES * Float.BYTES + (copies ? 2 : 0);
        try (SequenceMemory memory =
                new SequenceMemory(null, model, options.method(), tokensMax, options.recompute())) {
            return new TrainingPlan(
                    frozen(folder, model.layout(), options),
                    parameters,
                    perParameter * parameters,
                    memory.bytes());
        }
    }

    private static long frozen(Path folder, ModelLayout layout, DecoderOptions options) {
        if (options.method() instanceof FullSettings) {
            return 0;
        }
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            DType quantised = options.weights();
            long bytes = checkpoint.bytes();
            if (quantised == null) {
                return bytes;
            }
            for (LinearModule matrix : layout.matrices().values()) {
                boolean shared = matrix.equals(layout.embedding());
                DType stored = checkpoint.tensor(matrix.weight(), matrix.shape()).dtype();
                bytes += quantised.bytes(matrix.shape());
                bytes -= shared ? 0 : stored.bytes(matrix.shape()); // a tied embedding stays
            }
            return bytes;
        }
    }

    private static long parameters(ModelLayout layout, TrainingMethod method) {
        return switch (method) {
            case FullSettings full -> layout.parameters();
            case LoraSettings lora -> {
                long parameters = 0;
                for (var layer : layout.layers()) {
                    for (Map.Entry<Projection, LinearModule> each : layer.linears().entrySet()) {
                        if (lora.targets().contains(each.getKey())) {
                            LinearModule module = each.getValue();
                            parameters += (long) lora.rank() * (module.inputs() + module.outputs());
                        }
                    }
                }
                yield parameters;
            }
        };
    }

    /** Returns the sum. */
    public long bytes() {
        return frozenBytes + trainedBytes + sequenceBytes;
    }
}
