package dev.longhand.bench.checkpoint;

import dev.longhand.engine.architecture.Architecture;
import dev.longhand.engine.architecture.DecoderTraits;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.RopeConfig;
import dev.longhand.engine.error.InputException;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The architectures of Qwen2.5, from the config.json of the Instruct models, and a tiny one. */
public enum QwenShape {
    /**
     * Not a published model, but it has the family's vocabulary and a head width that every device
     * supports.
     */
    TINY("tiny", 128, 384, 2, 4, 2, 151_936, true),
    B0_5("0.5b", 896, 4864, 24, 14, 2, 151_936, true),
    B1_5("1.5b", 1536, 8960, 28, 12, 2, 151_936, true),
    B3("3b", 2048, 11_008, 36, 16, 2, 151_936, true),
    B7("7b", 3584, 18_944, 28, 28, 4, 152_064, false),
    B14("14b", 5120, 13_824, 48, 40, 8, 152_064, false),
    B32("32b", 5120, 27_648, 64, 40, 8, 152_064, false),
    B72("72b", 8192, 29_568, 80, 64, 8, 152_064, false);

    private static final int POSITIONS = 32_768;

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
     * Finds a shape by its label, in any case.
     *
     * @param label a label such as {@code 0.5b}
     * @throws InputException if no shape has this label; the message lists the labels
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

    /** Returns the {@code config.json} of this shape in a weight format. */
    String configJson(WeightFormat format) {
        return """
        {
          "architectures": ["%s"],
          "model_type": "qwen2",
          "hidden_act": "silu",
          "hidden_size": %d,
          "intermediate_size": %d,
          "num_hidden_layers": %d,
          "num_attention_heads": %d,
          "num_key_value_heads": %d,
          "vocab_size": %d,
          "max_position_embeddings": %d,
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
                        Architecture.QWEN2.id(),
                        hidden,
                        intermediate,
                        layers,
                        heads,
                        kvHeads,
                        vocabulary,
                        POSITIONS,
                        tied,
                        format.configLines());
    }

    /** Returns the configuration in {@code config.json}, with weights in bf16. */
    public ModelConfig config() {
        return new ModelConfig(
                Architecture.QWEN2,
                layers,
                hidden,
                heads,
                kvHeads,
                hidden / heads,
                intermediate,
                vocabulary,
                POSITIONS,
                1e-6f,
                tied,
                new RopeConfig(1e6, null),
                List.of(151_645),
                null,
                DecoderTraits.QWEN2);
    }

    /** Returns all tensors of a checkpoint in a weight format, in the order of a forward pass. */
    List<RandomTensor> tensors(WeightFormat format) {
        ModelConfig config = config();
        List<RandomTensor> dense = RandomWeights.of(config);
        return switch (format) {
            case BF16 -> dense;
            case GPTQ_INT4 -> GptqTensors.of(config.layout(), dense);
        };
    }
}
