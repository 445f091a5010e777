package dev.longhand.app.cli;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.ModelSummary;

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

    /**
     * Sizes an engine for a file of work, which no client waits for: without a given KV memory it
     * has one full context for each sequence, or as many as fit in memory.
     *
     * @param queued the generations that are submitted at once
     */
    EngineConfig offline(EngineConfig engine, int queued) {
        EngineConfig config =
                engine.withSequencesMax(sequences)
                        .withSteadyDecoding(false)
                        .withQueueDepthMax(queued);
        if (kvTokens != null) {
            return config.withKvTokensMax(kvTokens);
        }
        ModelSummary summary = Engine.inspect(config);
        return config.withKvTokensMax(summary.fullContexts() * summary.contextTokensMax());
    }

    /** The capacity of the KV memory in tokens; null is the command's default. */
    @Nullable Integer kvTokens() {
        return kvTokens;
    }
}
