package dev.longhand.bench.cli;

import org.jspecify.annotations.Nullable;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.util.Objects;

/** Prints a script with which bash and zsh complete arguments. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description = "Prints a script with which bash and zsh complete commands and options.")
public final class CompletionCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        CommandSpec root = Objects.requireNonNull(spec).root();
        System.out.print(AutoComplete.bash(root.name(), root.commandLine()));
    }
}
