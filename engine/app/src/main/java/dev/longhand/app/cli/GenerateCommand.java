package dev.longhand.app.cli;

import dev.longhand.engine.Engine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.GenerationRequest;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code longhand generate}: generates an answer to one prompt. */
@Command(name = "generate", description = "Generates from one prompt.")
public final class GenerateCommand implements Callable<Integer> {
    private static final long PROMPT_FILE_BYTES_MAX = 64L << 20;

    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private SamplingArguments sampling = new SamplingArguments();

    @ArgGroup(multiplicity = "1")
    private PromptChoice prompt = new PromptChoice();

    /** The prompt in one of its forms. */
    static final class PromptChoice {
        @Option(names = "--prompt", paramLabel = "T", description = "The prompt.")
        private @Nullable String text;

        @Option(names = "--prompt-file", paramLabel = "F", description = "A UTF-8 file.")
        private @Nullable Path file;

        @Option(
                names = "--prompt-ids",
                paramLabel = "1,2,3",
                split = ",",
                description = "Token ids; needs no tokenizer files.")
        private @Nullable List<Integer> ids;
    }

    @Option(names = "--raw", description = "Continue the prompt as it stands: no chat template.")
    private boolean raw;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text: streamed; json: one object at the end.")
    private Format format = Format.TEXT;

    /** The output format. */
    enum Format {
        TEXT,
        JSON
    }

    @Override
    public Integer call() throws InterruptedException {
        GenerationRequest request = sampling.apply(request()).withAdapter(model.use());
        try (LoadBar bar = new LoadBar();
                Engine engine = Engine.open(model.engine().withProgress(bar))) {
            bar.finish();
            CollectedAnswer answer = new CollectedAnswer(engine.submit(request));
            Console console = new Console();
            if (format == Format.JSON) {
                answer.drain(text -> {});
                console.println(answer.json());
            } else {
                System.err.println(engine.backendDescription());
                answer.drain(console::print);
                console.println("");
                System.err.println(answer.summary());
            }
        }
        return 0;
    }

    private GenerationRequest request() {
        if (prompt.ids != null) {
            return GenerationRequest.ids(prompt.ids);
        }
        String text = prompt.text != null ? prompt.text : read(prompt.file);
        return raw
                ? GenerationRequest.text(text)
                : GenerationRequest.chat(List.of(ChatMessage.user(text)));
    }

    private static String read(@Nullable Path file) {
        try {
            if (file == null || Files.size(file) > PROMPT_FILE_BYTES_MAX) {
                throw new InputException("prompt file %s: larger than 64 MiB".formatted(file));
            }
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new InputException("prompt file %s: not UTF-8".formatted(file), e);
        } catch (IOException e) {
            throw new InputException("prompt file %s: cannot be read".formatted(file), e);
        }
    }
}
