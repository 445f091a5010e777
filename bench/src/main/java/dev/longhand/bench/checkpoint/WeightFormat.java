package dev.longhand.bench.checkpoint;

import java.util.Locale;

/** How the weights of a generated checkpoint are stored. */
public enum WeightFormat {
    /** As Qwen publishes its models. */
    BF16("\"torch_dtype\": \"bfloat16\""),
    /** As Qwen publishes its GPTQ-Int4 models: see {@link GptqTensors}. */
    GPTQ_INT4(
            """
            "torch_dtype": "float16",
              "quantization_config": {
                "quant_method": "gptq",
                "bits": 4,
                "group_size": %d,
                "desc_act": false,
                "sym": true,
                "true_sequential": true,
                "damp_percent": 0.01
              }\
            """
                    .formatted(GptqTensors.GROUP_INPUTS));

    private final String configLines;

    WeightFormat(String configLines) {
        this.configLines = configLines;
    }

    /** What {@code config.json} says of it. */
    String configLines() {
        return configLines;
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
