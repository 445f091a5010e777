package dev.longhand.app.cli;

import org.jspecify.annotations.Nullable;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.util.Objects;

/** {@code longhand completion}: prints a script with which bash and zsh complete arguments. */
@Command(
        name = "completion",
        description = {
            "Prints a script with which bash and zsh complete commands and options.",
            "Use it as: source <(longhand completion)"
        })
public final class CompletionCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        CommandSpec root = Objects.requireNonNull(spec).root();
        new Console().print(AutoComplete.bash(root.name(), root.commandLine()));
    }
}
