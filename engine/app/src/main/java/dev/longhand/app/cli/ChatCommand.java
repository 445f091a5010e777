package dev.longhand.app.cli;

import dev.longhand.engine.Engine;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.util.concurrent.Callable;

/** {@code longhand chat}: holds a conversation until the input ends or {@code /exit}. */
@Command(
        name = "chat",
        description = {
            "Talks with a model. Ctrl-C stops an answer, Ctrl-D ends the chat, /help lists more.",
            "Without a terminal, every line of standard input is a message."
        })
public final class ChatCommand implements Callable<Integer> {
    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private SamplingArguments sampling = new SamplingArguments();

    @Option(names = "--system", paramLabel = "T", description = "The system message.")
    private @Nullable String system;

    @Override
    public Integer call() throws InterruptedException, IOException {
        try (LoadBar bar = new LoadBar();
                Engine engine = Engine.open(model.engine().withProgress(bar))) {
            bar.finish();
            try (ChatUser user = ChatUser.open()) {
                user.note(engine.backendDescription());
                new ChatSession(engine, user, sampling::apply, model.use(), system).run();
            }
        }
        return 0;
    }
}
