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
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code longhand generate}: generates an answer to one prompt. */
@Command(name = "generate", description = "Generates from one prompt.")
public final class GenerateCommand implements Callable<Integer> {
    /** More than any context holds. */
    private static final int PROMPT_BYTES_MAX = 16 << 20;

    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private SamplingArguments sampling = new SamplingArguments();

    @ArgGroup(multiplicity = "0..1")
    private PromptChoice prompt = new PromptChoice();

    /** The prompt in one of its forms; without any, standard input. */
    static final class PromptChoice {
        @Option(
                names = "--prompt",
                paramLabel = "T",
                description = "The prompt; without it standard input.")
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

    @Option(
            names = "--system",
            paramLabel = "T",
            description = "The system message, before the prompt.")
    private @Nullable String system;

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
        if (system != null && (raw || prompt.ids != null)) {
            throw new InputException(
                    "--system is for the chat template, which --raw and --prompt-ids leave out");
        }
        if (prompt.ids != null) {
            return GenerationRequest.ids(prompt.ids);
        }
        String text = text();
        if (raw) {
            return GenerationRequest.text(text);
        }
        List<ChatMessage> messages = new ArrayList<>();
        if (system != null) {
            messages.add(ChatMessage.system(system));
        }
        messages.add(ChatMessage.user(text));
        return GenerationRequest.chat(messages);
    }

    private String text() {
        if (prompt.text != null) {
            return prompt.text;
        }
        if (prompt.file != null) {
            try (InputStream in = Files.newInputStream(prompt.file)) {
                return read(in, "prompt file " + prompt.file);
            } catch (IOException e) {
                throw new InputException(
                        "prompt file %s: cannot be read".formatted(prompt.file), e);
            }
        }
        if (StandardStreams.terminalIn()) {
            throw new InputException(
                    "there is no prompt; give --prompt, --prompt-file, --prompt-ids or standard"
                            + " input");
        }
        String piped = read(System.in, "standard input");
        if (piped.isBlank()) {
            throw new InputException("there is no prompt: standard input is empty");
        }
        return raw ? piped : piped.stripTrailing();
    }

    private static String read(InputStream in, String source) {
        try {
            byte[] bytes = in.readNBytes(PROMPT_BYTES_MAX + 1);
            if (bytes.length > PROMPT_BYTES_MAX) {
                throw new InputException(
                        "%s: longer than %d MiB".formatted(source, PROMPT_BYTES_MAX >> 20));
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(source + ": not UTF-8", e);
        } catch (IOException e) {
            throw new InputException(source + ": cannot be read", e);
        }
    }
}
