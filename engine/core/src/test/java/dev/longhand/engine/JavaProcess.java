package dev.longhand.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A run of a test's {@code main} method in a JVM of its own.
 *
 * @param status the exit status
 * @param output what it wrote, errors too
 */
public record JavaProcess(int status, String output) {
    private static final int SECONDS_MAX = 150;

    /**
     * Runs a class of the tests to its end, or kills it when its time is over, with options of the
     * JVM and further environment.
     */
    public static JavaProcess run(
            Class<?> main, List<String> options, Map<String, String> environment)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(options);
        all.add(
                "-Dlonghand.module.directory="
                        + System.getProperty("longhand.module.directory", "."));
        Path output = Files.createTempFile("java-process", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command(all, main)).redirectErrorStream(true);
            builder.environment().putAll(environment);
            Process process = builder.redirectOutput(output.toFile()).start();
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            return new JavaProcess(process.exitValue(), Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }

    /**
     * Returns the command line of a class on the class path of the tests, to which arguments can be
     * added.
     */
    public static List<String> command(List<String> options, Class<?> main) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(options);
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(main.getName());
        return command;
    }
}
