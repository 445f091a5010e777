package dev.longhand.app.cli;

import dev.longhand.engine.Engine;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.GenerationRequest;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * {@code longhand chat}: holds a conversation, one line per message, until the input ends or {@code
 * /exit}.
 */
@Command(name = "chat", description = "Talks with a model; /reset forgets, /exit ends.")
public final class ChatCommand implements Callable<Integer> {
    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private SamplingArguments sampling = new SamplingArguments();

    @Option(names = "--system", paramLabel = "T", description = "The system message.")
    private @Nullable String system;

    @Override
    public Integer call() throws InterruptedException, IOException {
        Console console = new Console();
        try (LoadBar bar = new LoadBar();
                Engine engine = Engine.open(model.engine().withProgress(bar))) {
            bar.finish();
            System.err.println(engine.backendDescription());
            BufferedReader input =
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            List<ChatMessage> messages = opening();
            System.err.print("> ");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                if (line.equals("/exit")) {
                    break;
                } else if (line.equals("/reset")) {
                    messages = opening();
                } else if (!line.isBlank()) {
                    messages.add(ChatMessage.user(line));
                    GenerationRequest request =
                            sampling.apply(GenerationRequest.chat(messages))
                                    .withAdapter(model.use());
                    CollectedAnswer answer = new CollectedAnswer(engine.submit(request));
                    answer.drain(console::print);
                    console.println("");
                    System.err.println(answer.summary());
                    messages.add(ChatMessage.assistant(answer.result().text()));
                }
                System.err.print("> ");
            }
        }
        return 0;
    }

    private List<ChatMessage> opening() {
        List<ChatMessage> messages = new ArrayList<>();
        if (system != null) {
            messages.add(ChatMessage.system(system));
        }
        return messages;
    }
}
