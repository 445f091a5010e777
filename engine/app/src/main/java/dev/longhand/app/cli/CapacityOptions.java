package dev.longhand.app.cli;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

/** Options of commands that run many generations at once. */
final class CapacityOptions {
    @Option(
            names = "--sequences",
            paramLabel = "N",
            defaultValue = "8",
            description = "Generations that run at once.")
    private int sequences;

    @Option(
            names = "--kv-tokens",
            paramLabel = "N",
            description =
                    "KV memory in tokens, for all generations together"
                            + " (default: one full context; for a batch as many as fit).")
    private @Nullable Integer kvTokens;

    /** The number of generations that run at once. */
    int sequences() {
        return sequences;
    }

    /** The capacity of the KV memory in tokens; null is the command's default. */
    @Nullable Integer kvTokens() {
        return kvTokens;
    }
}
