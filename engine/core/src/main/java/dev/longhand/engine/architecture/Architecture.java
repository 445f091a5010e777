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
    QWEN2("Qwen2ForCausalLM");

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
                                        "is %s: only %s is supported"
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
        };
    }

    ModelLayout layout(ModelConfig model) {
        return switch (this) {
            case QWEN2 -> Qwen2.layout(model);
        };
    }
}
