package dev.longhand.bench.checkpoint;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.NormModule;
import dev.longhand.engine.architecture.Projection;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The tensors of a model with random weights in bf16, distributed so that its activations and
 * logits are about as large as those of a trained model.
 *
 * <p>Matrices are scaled by 1 / sqrt(inputs), so that activations of unit variance keep it.
 * Matrices that write to the residual stream are also scaled by 8 / sqrt(2 * layers), since the
 * outputs of two matrices of each layer add up there.
 */
final class RandomWeights {
    /**
     * The standard deviation of the logits: with 2, the likeliest of 152,064 tokens gets a few
     * percent.
     */
    private static final double LOGIT_DEVIATION = 2;

    private static final double NORM_DEVIATION = 0.1;
    private static final double QK_BIAS_DEVIATION = 0.5;

    /**
     * The deviation of all other biases. A larger bias of the values would add the same vector to
     * the attention output of every token.
     */
    private static final double OTHER_BIAS_DEVIATION = 0.02;

    /**
     * The approximate deviation of the residual stream after all layers, by which the final norm
     * divides. A tied head multiplies the token's own embedding, of squared length 4, by itself:
     * divided by 8, that raises the token's own logit by a quarter of the logits' deviation.
     * Divided by 1 it would raise it by two deviations, and a greedy generation would repeat one
     * token forever.
     */
    private static final double RESIDUAL_DEVIATION = 8;

    private final ModelConfig config;
    private final double residual;
    private final List<RandomTensor> tensors = new ArrayList<>();

    private RandomWeights(ModelConfig config) {
        this.config = config;
        residual = RESIDUAL_DEVIATION / Math.sqrt(2.0 * config.layers());
    }

    /** Returns the tensors of a model in the order of a forward pass. */
    static List<RandomTensor> of(ModelConfig config) {
        return new RandomWeights(config).all();
    }

    private List<RandomTensor> all() {
        ModelLayout layout = config.layout();
        double logits = LOGIT_DEVIATION * unit(config.hiddenSize());
        add(layout.embedding(), logits);
        layout.layers().forEach(this::add);
        add(layout.finalNorm());
        if (!layout.tied()) {
            add(layout.head(), logits);
        }
        return tensors;
    }

    private void add(LayerLayout layer) {
        add(layer.inputNorm());
        for (Projection projection : Projection.values()) {
            switch (projection) {
                case O -> addIfAny(layer.queryNorm(), layer.keyNorm());
                case GATE -> {
                    addIfAny(layer.attentionNorm());
                    add(layer.mlpNorm());
                }
                default -> {}
            }
            LinearModule linear = layer.linear(projection);
            add(linear, deviation(projection, linear));
            if (linear.biased()) {
                tensors.add(
                        RandomTensor.vector(
                                linear.bias(), linear.outputs(), 0, biasDeviation(projection)));
            }
        }
        addIfAny(layer.outputNorm());
    }

    private void addIfAny(@Nullable NormModule... norms) {
        for (NormModule norm : norms) {
            if (norm != null) {
                add(norm);
            }
        }
    }

    private double deviation(Projection projection, LinearModule linear) {
        return switch (projection) {
            case Q, K, V, GATE, UP -> unit(linear.inputs());
            case O -> unit(linear.inputs()) * residual;
            case DOWN -> residual / Math.sqrt(linear.inputs()); // rounds as in old checkpoints
        };
    }

    private static double biasDeviation(Projection projection) {
        return switch (projection) {
            case Q, K -> QK_BIAS_DEVIATION;
            case V, O, GATE, UP, DOWN -> OTHER_BIAS_DEVIATION;
        };
    }

    private static double unit(int inputs) {
        return 1 / Math.sqrt(inputs);
    }

    private void add(LinearModule module, double deviation) {
        tensors.add(
                RandomTensor.matrix(module.weight(), module.outputs(), module.inputs(), deviation));
    }

    private void add(NormModule norm) {
        tensors.add(
                RandomTensor.vector(norm.weight(), norm.width(), 1 - norm.base(), NORM_DEVIATION));
    }
}
