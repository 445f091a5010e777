package dev.longhand.engine.lora;

import dev.longhand.engine.model.ModelConfig;
import dev.longhand.engine.model.Qwen2Weights;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.tensor.Shape;

import java.util.Optional;

/** The linear layers of a transformer layer, which adapters may change. */
public enum Projection {
    Q("self_attn.q_proj", 0),
    K("self_attn.k_proj", 1),
    V("self_attn.v_proj", 2),
    O("self_attn.o_proj", 0),
    GATE("mlp.gate_proj", 0),
    UP("mlp.up_proj", 1),
    DOWN("mlp.down_proj", 0);

    private final String module;
    private final int index;

    Projection(String module, int index) {
        this.module = module;
        this.index = index;
    }

    /** The projection of a module name within its layer, for example {@code mlp.up_proj}. */
    static Optional<Projection> of(String module) {
        for (Projection projection : values()) {
            if (projection.module.equals(module)) {
                return Optional.of(projection);
            }
        }
        return Optional.empty();
    }

    /** The name of the module in transformers. */
    public String module(int layer) {
        return "model.layers." + layer + "." + module;
    }

    /** The name of its weights in a checkpoint. */
    public String tensor(int layer) {
        return module(layer) + ".weight";
    }

    /** The group of linear layers that it belongs to. */
    Linear group(Qwen2Weights.Layer layer) {
        return switch (this) {
            case Q, K, V -> layer.qkv();
            case O -> layer.output();
            case GATE, UP -> layer.gateUp();
            case DOWN -> layer.down();
        };
    }

    /** Its place in the group. */
    int index() {
        return index;
    }

    /** The shape of its weights, [outputs, inputs]. */
    public Shape shape(ModelConfig model) {
        int hidden = model.hiddenSize();
        int queries = model.heads() * model.headDim();
        int keys = model.kvHeads() * model.headDim();
        int inner = model.intermediateSize();
        return switch (this) {
            case Q -> Shape.of(queries, hidden);
            case K, V -> Shape.of(keys, hidden);
            case O -> Shape.of(hidden, queries);
            case GATE, UP -> Shape.of(inner, hidden);
            case DOWN -> Shape.of(hidden, inner);
        };
    }
}
