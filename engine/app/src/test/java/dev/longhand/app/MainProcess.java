package dev.longhand.app;

import dev.longhand.engine.JavaProcess;

import java.util.List;

/** Commands in a JVM of their own. */
public final class MainProcess {
    /** Options of a JVM that compiles little: a command starts sooner. */
    public static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1");

    private MainProcess() {}

    /**
     * Prepares a command.
     *
     * @param jvm options of the JVM
     * @param arguments the command and its arguments
     */
    public static ProcessBuilder builder(List<String> jvm, List<String> arguments) {
        ProcessBuilder builder = new ProcessBuilder(JavaProcess.command(jvm, Main.class));
        builder.command().addAll(arguments);
        return builder;
    }
}
