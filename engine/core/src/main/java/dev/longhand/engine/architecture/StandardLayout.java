package dev.longhand.engine.architecture;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The names that most families share with Llama in transformers, and the shapes behind them. */
final class StandardLayout {
    private static final String LAYERS = "model.layers";

    private StandardLayout() {}

    static ModelLayout of(ModelConfig model) {
        int hidden = model.hiddenSize();
        LinearModule embedding =
                new LinearModule("model.embed_tokens", model.vocabSize(), hidden, false);
        List<LayerLayout> layers = new ArrayList<>();
        for (int i = 0; i < model.layers(); i++) {
            layers.add(layer(LAYERS + "." + i + ".", model));
        }
        return new ModelLayout(
                embedding,
                LAYERS,
                layers,
                norm("model.norm", hidden, model),
                model.tiedEmbeddings()
                        ? embedding
                        : new LinearModule("lm_head", model.vocabSize(), hidden, false));
    }

    private static LayerLayout layer(String prefix, ModelConfig model) {
        int hidden = model.hiddenSize();
        Map<Projection, LinearModule> linears = new EnumMap<>(Projection.class);
        for (Projection projection : Projection.values()) {
            linears.put(projection, linear(prefix, projection, model));
        }
        boolean ofHeads = model.traits().norms().ofHeads();
        NormModule afterAttention = norm(prefix + "post_attention_layernorm", hidden, model);
        NormModule input = norm(prefix + "input_layernorm", hidden, model);
        NormModule query =
                ofHeads ? norm(prefix + "self_attn.q_norm", model.headDim(), model) : null;
        NormModule key = ofHeads ? norm(prefix + "self_attn.k_norm", model.headDim(), model) : null;
        if (!model.traits().norms().ofOutputs()) {
            return new LayerLayout(input, query, key, null, afterAttention, null, linears);
        }
        return new LayerLayout(
                input,
                query,
                key,
                afterAttention,
                norm(prefix + "pre_feedforward_layernorm", hidden, model),
                norm(prefix + "post_feedforward_layernorm", hidden, model),
                linears);
    }

    private static NormModule norm(String name, int width, ModelConfig model) {
        return new NormModule(name, width, model.traits().norms().base());
    }

    private static LinearModule linear(String prefix, Projection projection, ModelConfig model) {
        int hidden = model.hiddenSize();
        int queries = model.heads() * model.headDim();
        int keys = model.kvHeads() * model.headDim();
        int inner = model.intermediateSize();
        boolean biased = model.traits().biased().contains(projection);
        String attention = prefix + "self_attn.";
        String mlp = prefix + "mlp.";
        return switch (projection) {
            case Q -> new LinearModule(attention + "q_proj", queries, hidden, biased);
            case K -> new LinearModule(attention + "k_proj", keys, hidden, biased);
            case V -> new LinearModule(attention + "v_proj", keys, hidden, biased);
            case O -> new LinearModule(attention + "o_proj", hidden, queries, biased);
            case GATE -> new LinearModule(mlp + "gate_proj", inner, hidden, biased);
            case UP -> new LinearModule(mlp + "up_proj", inner, hidden, biased);
            case DOWN -> new LinearModule(mlp + "down_proj", hidden, inner, biased);
        };
    }
}
