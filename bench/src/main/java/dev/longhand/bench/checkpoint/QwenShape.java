package dev.longhand.bench.checkpoint;

import dev.longhand.engine.error.InputException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The architectures of Qwen2.5, from the config.json of the Instruct models, and a tiny one. */
public enum QwenShape {
    /** Nobody's model, but with the family's vocabulary and a head width that every device has. */
    TINY("tiny", 128, 384, 2, 4, 2, 151_936, true),
    B0_5("0.5b", 896, 4864, 24, 14, 2, 151_936, true),
    B1_5("1.5b", 1536, 8960, 28, 12, 2, 151_936, true),
    B3("3b", 2048, 11_008, 36, 16, 2, 151_936, true),
    B7("7b", 3584, 18_944, 28, 28, 4, 152_064, false),
    B14("14b", 5120, 13_824, 48, 40, 8, 152_064, false),
    B32("32b", 5120, 27_648, 64, 40, 8, 152_064, false),
    B72("72b", 8192, 29_568, 80, 64, 8, 152_064, false);

    /** Standard deviation of the logits: the likeliest of 152,064 tokens gets a few percent. */
    private static final double LOGIT_DEVIATION = 2;

    private static final double NORM_DEVIATION = 0.1;
    private static final double QK_BIAS_DEVIATION = 0.5;

    /** A larger one would be the same part of every token's attention. */
    private static final double V_BIAS_DEVIATION = 0.02;

    /**
     * What layers add to the residual stream, about. A tied head multiplies what is left of the
     * token's own embedding, of square 4, by itself: over 8 that adds a quarter of their deviation
     * to its logit. Over 1 it would add two, and a greedy generation would repeat a token for ever.
     */
    private static final double RESIDUAL_DEVIATION = 8;

    private final String label;
    private final int hidden;
    private final int intermediate;
    private final int layers;
    private final int heads;
    private final int kvHeads;
    private final int vocabulary;
    private final boolean tied;

    QwenShape(
            String label,
            int hidden,
            int intermediate,
            int layers,
            int heads,
            int kvHeads,
            int vocabulary,
            boolean tied) {
        this.label = label;
        this.hidden = hidden;
        this.intermediate = intermediate;
        this.layers = layers;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.vocabulary = vocabulary;
        this.tied = tied;
    }

    /**
     * The shape that a user means.
     *
     * @param label for example {@code 0.5b}
     * @throws InputException if there is none of that name; says which there are
     */
    public static QwenShape of(String label) {
        return Arrays.stream(values())
                .filter(shape -> shape.label.equals(label.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(
                        () ->
                                new InputException(
                                        "shape '%s' is unknown; there are %s"
                                                .formatted(label, labels())));
    }

    private static String labels() {
        return Arrays.stream(values()).map(QwenShape::label).collect(Collectors.joining(", "));
    }

    /** The name on the command line. */
    public String label() {
        return label;
    }

    /** The {@code config.json} of the shape with weights in a format. */
    String configJson(WeightFormat format) {
        return """
        {
          "architectures": ["Qwen2ForCausalLM"],
          "model_type": "qwen2",
          "hidden_act": "silu",
          "hidden_size": %d,
          "intermediate_size": %d,
          "num_hidden_layers": %d,
          "num_attention_heads": %d,
          "num_key_value_heads": %d,
          "vocab_size": %d,
          "max_position_embeddings": 32768,
          "rms_norm_eps": 1e-06,
          "rope_theta": 1000000.0,
          "use_sliding_window": false,
          "tie_word_embeddings": %b,
          "bos_token_id": 151643,
          "eos_token_id": 151645,
          %s
        }
        """
                .formatted(
                        hidden,
                        intermediate,
                        layers,
                        heads,
                        kvHeads,
                        vocabulary,
                        tied,
                        format.configLines());
    }

    /** Every tensor of a checkpoint with weights in a format, in the order of a forward pass. */
    List<RandomTensor> tensors(WeightFormat format) {
        return switch (format) {
            case BF16 -> tensors();
            case GPTQ_INT4 -> GptqTensors.of(tensors());
        };
    }

    /**
     * Every tensor in bf16.
     *
     * <p>Matrices are scaled by 1 / sqrt(inputs), so that unit activations stay units; those that
     * write to the residual stream also by 8 / sqrt(2 layers), the number of their terms.
     */
    private List<RandomTensor> tensors() {
        int keys = kvHeads * (hidden / heads);
        double unit = 1 / Math.sqrt(hidden);
        double residual = RESIDUAL_DEVIATION / Math.sqrt(2.0 * layers);
        List<RandomTensor> all = new ArrayList<>();
        all.add(matrix("model.embed_tokens", vocabulary, hidden, LOGIT_DEVIATION * unit));
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            all.add(norm(layer + "input_layernorm"));
            for (String projection : List.of("q", "k", "v")) {
                String name = layer + "self_attn." + projection + "_proj";
                int outputs = projection.equals("q") ? hidden : keys;
                double bias = projection.equals("v") ? V_BIAS_DEVIATION : QK_BIAS_DEVIATION;
                all.add(matrix(name, outputs, hidden, unit));
                all.add(RandomTensor.vector(name + ".bias", outputs, 0, bias));
            }
            all.add(matrix(layer + "self_attn.o_proj", hidden, hidden, unit * residual));
            all.add(norm(layer + "post_attention_layernorm"));
            all.add(matrix(layer + "mlp.gate_proj", intermediate, hidden, unit));
            all.add(matrix(layer + "mlp.up_proj", intermediate, hidden, unit));
            double down = residual / Math.sqrt(intermediate);
            all.add(matrix(layer + "mlp.down_proj", hidden, intermediate, down));
        }
        all.add(norm("model.norm"));
        if (!tied) {
            all.add(matrix("lm_head", vocabulary, hidden, LOGIT_DEVIATION * unit));
        }
        return all;
    }

    private static RandomTensor matrix(String module, int rows, int columns, double deviation) {
        return RandomTensor.matrix(module + ".weight", rows, columns, deviation);
    }

    private RandomTensor norm(String module) {
        return RandomTensor.vector(module + ".weight", hidden, 1, NORM_DEVIATION);
    }
}
