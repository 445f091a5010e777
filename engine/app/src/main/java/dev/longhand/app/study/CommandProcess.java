package dev.longhand.app.study;

import dev.longhand.study.pipeline.Stage;
import dev.longhand.study.pipeline.StudyRun;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Runs a stage as a process of this program, with the options of this JVM. Its memory is its own,
 * and it ends when this process does, however that ends.
 */
final class CommandProcess implements StudyRun.Runner {
    private static final Set<String> THREADED =
            Set.of("train", "batch", "curate", "evaluate", "score");
    private static final String THREADS = "--threads";
    private static final String RESUME = "--resume";

    private final String program;
    private final int threads;

    /**
     * Creates the runner.
     *
     * @param program the main class
     * @param threads the threads of each stage whose command line does not say
     */
    CommandProcess(String program, int threads) {
        this.program = program;
        this.threads = threads;
    }

    @Override
    public int run(Stage stage, List<String> arguments, Path log)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program));
        command.addAll(arguments);
        if (THREADED.contains(stage.kind()) && !arguments.contains(THREADS)) {
            command.addAll(List.of(THREADS, Integer.toString(threads)));
        }
        if (stage.kind().equals("train") && !arguments.contains(RESUME)) {
            command.add(RESUME); // a stage that was interrupted goes on; others have no run yet
        }
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put(ParentWatch.VARIABLE, "1");
        Process process = builder.start(); // its input stays open as long as this process lives
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            throw e;
        }
    }
}
