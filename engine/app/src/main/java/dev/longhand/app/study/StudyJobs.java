package dev.longhand.app.study;

import dev.longhand.engine.memory.HostMemory;
import dev.longhand.study.pipeline.Stage;
import dev.longhand.study.pipeline.StudyFolder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Chooses how many stages run at a time: one per processor, if their models fit in memory. */
final class StudyJobs {
    /** Weights, gradients and the optimizer's state, in copies of the weights as stored. */
    private static final int TRAINING_COPIES = 9;

    private static final long PROCESS_BYTES = 1L << 30;

    private StudyJobs() {}

    static int fitting(StudyConfig config, StudyFolder folder) throws IOException {
        long largest = 0;
        for (Stage stage : config.stages()) {
            List<String> arguments = folder.arguments(stage);
            int model = arguments.indexOf("--model");
            if (model >= 0 && model + 1 < arguments.size()) {
                long bytes = weights(Path.of(arguments.get(model + 1)));
                largest =
                        Math.max(
                                largest,
                                bytes * (stage.kind().equals("train") ? TRAINING_COPIES : 1));
            }
        }
        long memory = HostMemory.availableBytes() / 2;
        long jobs = memory / (largest + PROCESS_BYTES);
        return Math.clamp(jobs, 1, Runtime.getRuntime().availableProcessors());
    }

    /** The size of a model's weights; 0 if the model is not there yet. */
    private static long weights(Path model) throws IOException {
        if (!Files.isDirectory(model)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(model)) {
            return files.filter(file -> file.toString().endsWith(".safetensors"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
