package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The supported families of decoder models, identified by their entry under {@code architectures}
 * in {@code config.json}. A family consists of a configuration reader and a tensor layout; all
 * families share one forward pass.
 */
public enum Architecture {
    /** Qwen2 and Qwen2.5. */
    QWEN2("Qwen2ForCausalLM"),
    /** Llama 2 and 3 and models of their shape. */
    LLAMA("LlamaForCausalLM"),
    /** Mistral and models of its shape. */
    MISTRAL("MistralForCausalLM"),
    /** Qwen3's dense models. */
    QWEN3("Qwen3ForCausalLM"),
    /** Gemma 2. */
    GEMMA2("Gemma2ForCausalLM");

    private final String id;

    Architecture(String id) {
        this.id = id;
    }

    /**
     * Returns the architecture that a {@code config.json} names.
     *
     * @throws InputException if it is not supported
     */
    static Architecture of(Settings config) {
        List<String> named = config.strings("architectures");
        return Arrays.stream(values())
                .filter(known -> named.equals(List.of(known.id)))
                .findFirst()
                .orElseThrow(
                        () ->
                                config.refuse(
                                        "architectures",
                                        "is %s: the supported ones are %s"
                                                .formatted(
                                                        ErrorText.line(named.toString()), ids())));
    }

    private static String ids() {
        return Arrays.stream(values()).map(Architecture::id).collect(Collectors.joining(", "));
    }

    /** Returns the entry in {@code config.json}, for example {@code Qwen2ForCausalLM}. */
    public String id() {
        return id;
    }

    ModelConfig config(Settings settings) {
        return switch (this) {
            case QWEN2 -> Qwen2.config(settings);
            case LLAMA -> Llama.config(settings);
            case MISTRAL -> Mistral.config(settings);
            case QWEN3 -> Qwen3.config(settings);
            case GEMMA2 -> Gemma2.config(settings);
        };
    }

    ModelLayout layout(ModelConfig model) {
        return switch (this) {
            case QWEN2, LLAMA, MISTRAL, QWEN3, GEMMA2 -> StandardLayout.of(model);
        };
    }
}
