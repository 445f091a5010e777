package dev.longhand.app.cli;

import picocli.CommandLine.Option;

/** The number of CPU threads that a command uses. */
public final class ThreadOption {
    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "CPU threads; 0: one per processor.")
    private int count;

    /** The number of threads; 0 is one per processor. */
    public int count() {
        return count;
    }
}
