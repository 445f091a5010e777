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
 * How a checkpoint wants conversations written. Its Jinja template is recognised by hash and
 * rendered by our own code, byte for byte the same; an unknown one is refused rather than guessed.
 */
public sealed interface ChatTemplate permits Qwen25ChatTemplate {
    /**
     * The prompt text of a conversation.
     *
     * @param messages oldest first, at least one
     * @param tools JSON function schemas, possibly none
     * @param openAnswer whether to end with the opening of the assistant's answer
     * @throws InputException if the template cannot say such a conversation
     */
    String render(List<ChatMessage> messages, List<String> tools, boolean openAnswer);

    /**
     * The template of a model folder: {@code chat_template.jinja} or {@code tokenizer_config.json}.
     *
     * @throws InputException if there is none, or one that is not known
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

    /** Tells templates apart. */
    final class Recognition {
        static final int BYTES_MAX = 4 << 20;
        static final String REMEDY = "use Prompt.Text or Prompt.Ids";

        /** Qwen2.5's template with its default system message left out. */
        private static final String QWEN25_SHA256 =
                "576ca4dc24e9d4d38d89baf0c3b2ee4d5931dea9aa71a0d90ddd15de428a6a3c";

        /** Where Qwen2.5 templates say their default; base, Instruct and Math differ there only. */
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
