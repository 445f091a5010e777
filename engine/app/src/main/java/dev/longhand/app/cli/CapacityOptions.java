package dev.longhand.app.cli;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

/** Options of commands whose engine advances many generations together. */
final class CapacityOptions {
    @Option(
            names = "--sequences",
            paramLabel = "N",
            defaultValue = "8",
            description = "Generations that advance together.")
    private int sequences;

    @Option(
            names = "--kv-tokens",
            paramLabel = "N",
            description =
                    "Tokens of all generations that KV memory is planned for"
                            + " (default: one full context; for a batch as many as fit).")
    private @Nullable Integer kvTokens;

    /** Generations that advance together. */
    int sequences() {
        return sequences;
    }

    /** Tokens that KV memory is planned for; null is the command's default. */
    @Nullable Integer kvTokens() {
        return kvTokens;
    }
}
