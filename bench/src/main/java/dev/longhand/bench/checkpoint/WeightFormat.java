package dev.longhand.bench.checkpoint;

import java.util.Locale;

/** The storage format of the weights of a generated checkpoint. */
public enum WeightFormat {
    /** bf16, as Qwen publishes its models. */
    BF16("\"torch_dtype\": \"bfloat16\""),
    /** 4 bits, as Qwen publishes its GPTQ-Int4 models; see {@link GptqTensors}. */
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

    /** The lines of {@code config.json} that describe the format. */
    String configLines() {
        return configLines;
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
