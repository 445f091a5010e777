package dev.longhand.app.study;

import java.io.IOException;

/**
 * Ends a stage's process when the process of its study has ended. The study holds the other end of
 * standard input, which the system closes with it; a killed study leaves no stage behind.
 */
public final class ParentWatch {
    /** The environment variable that a study sets for its stages. */
    static final String VARIABLE = "LONGHAND_STAGE";

    private static final int KILLED = 137;

    private ParentWatch() {}

    /** Begins to watch, if this process is a stage. */
    public static void start() {
        if (System.getenv(VARIABLE) != null) {
            Thread.ofPlatform().daemon().name("parent").start(ParentWatch::watch);
        }
    }

    private static void watch() {
        try {
            while (System.in.read() >= 0) {
                // a study sends nothing
            }
        } catch (IOException e) {
            // the other end is gone
        }
        Runtime.getRuntime().halt(KILLED);
    }
}
