package dev.longhand.app.cli;

import dev.longhand.engine.chat.ChatTemplate;
import dev.longhand.engine.chat.ConversationReader;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ModelFolderCheck;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import tools.jackson.databind.json.JsonMapper;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code longhand tokenize}: prints the token ids of a text or of a rendered conversation. */
@Command(
        name = "tokenize",
        description = "Prints the token ids of a text, or of a conversation as the model sees it.")
public final class TokenizeCommand implements Callable<Integer> {
    @Mixin private ModelFolder model = new ModelFolder();

    @ArgGroup(multiplicity = "1")
    private Input input = new Input();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text: the ids; json: an object of text and ids.")
    private Format format = Format.TEXT;

    /** What to encode. */
    static final class Input {
        @Option(names = "--text", paramLabel = "T", description = "The text.")
        private @Nullable String text;

        @Option(
                names = "--messages",
                paramLabel = "FILE",
                description =
                        "JSON object: messages, tools, documents, add_generation_prompt,"
                                + " continue_final_message, chat_template_kwargs.")
        private @Nullable Path messages;
    }

    /** The output format. */
    enum Format {
        TEXT,
        JSON
    }

    @Override
    public Integer call() {
        ModelFolderCheck.require(model.path());
        String text = text();
        try (Tokenizer tokenizer =
                Tokenizer.open(model.path())
                        .orElseThrow(
                                () ->
                                        new InputException(
                                                model.path() + " has no tokenizer.json"))) {
            String ids =
                    Arrays.stream(tokenizer.encode(text))
                            .mapToObj(Integer::toString)
                            .collect(Collectors.joining(","));
            new Console().println(format == Format.JSON ? json(text, ids) : ids);
        }
        return 0;
    }

    private String text() {
        if (input.messages == null) {
            return Objects.requireNonNull(input.text);
        }
        return ChatTemplate.read(model.path())
                .render(ConversationReader.read(Settings.read(input.messages)))
                .text();
    }

    private static String json(String text, String ids) {
        JsonMapper json = new JsonMapper();
        return "{\"text\":" + json.writeValueAsString(text) + ",\"ids\":[" + ids + "]}";
    }
}
