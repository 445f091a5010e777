package dev.longhand.engine.chat;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.generation.ChatMessage;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Chat template of a checkpoint. Its Jinja source is recognised by its hash and rendered by Java
 * code with the same bytes; an unknown template is refused.
 */
public sealed interface ChatTemplate permits Qwen25ChatTemplate {
    /**
     * Renders a conversation as prompt text.
     *
     * @param messages oldest first, at least one
     * @param tools JSON function schemas, possibly none
     * @param openAnswer whether to end with the opening of the assistant's answer
     * @throws InputException if the template has no form for such a conversation
     */
    String render(List<ChatMessage> messages, List<String> tools, boolean openAnswer);

    /**
     * Reads the template of a model folder, from {@code chat_template.jinja} or {@code
     * tokenizer_config.json}.
     *
     * @throws InputException if there is none, or it is unknown
     */
    static ChatTemplate read(Path folder) {
        Path own = folder.resolve("chat_template.jinja");
        if (Files.exists(own)) {
            byte[] jinja = Json.bytes(own, Recognition.BYTES_MAX);
            return Recognition.recognise(own, new String(jinja, StandardCharsets.UTF_8));
        }
        Path config = folder.resolve("tokenizer_config.json");
        if (!Files.exists(config)) {
            throw new InputException(folder + ": no chat template; " + Recognition.REMEDY);
        }
        Settings settings = Settings.read(config);
        Optional<String> template =
                settings.isString("chat_template") || !settings.has("chat_template")
                        ? settings.string("chat_template")
                        : settings.objects("chat_template").stream()
                                .filter(
                                        named ->
                                                named.string("name").equals(Optional.of("default")))
                                .findFirst()
                                .flatMap(named -> named.string("template"));
        return Recognition.recognise(
                config,
                template.orElseThrow(
                        () ->
                                new InputException(
                                        config + ": no chat_template; " + Recognition.REMEDY)));
    }

    /** Recognises templates by their hash. */
    final class Recognition {
        static final int BYTES_MAX = 4 << 20;
        static final String REMEDY = "use Prompt.Text or Prompt.Ids";

        /** Hash of Qwen2.5's template without its default system message. */
        private static final String QWEN25_SHA256 =
                "576ca4dc24e9d4d38d89baf0c3b2ee4d5931dea9aa71a0d90ddd15de428a6a3c";

        /**
         * Finds the default system message: the only difference between the templates of the base,
         * Instruct and Math models.
         */
        private static final Pattern DEFAULT_SYSTEM =
                Pattern.compile(
                        "\\{\\{- '<\\|im_start\\|>system\\\\n([^'<]*)<\\|im_end\\|>\\\\n' }}");

        private Recognition() {}

        static ChatTemplate recognise(Path file, String template) {
            Matcher matcher = DEFAULT_SYSTEM.matcher(template);
            if (matcher.find()) {
                String system = matcher.group(1);
                if (Sha256.hex(template.replace(system, "")).equals(QWEN25_SHA256)) {
                    return new Qwen25ChatTemplate(system);
                }
            }
            throw new InputException(
                    "%s: chat template with SHA-256 %.16s… is not known; %s"
                            .formatted(file, Sha256.hex(template), REMEDY));
        }
    }
}
