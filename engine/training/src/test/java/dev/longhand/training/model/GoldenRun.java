package dev.longhand.training.model;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.weights.SafetensorsFile;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.training.AdapterInitializer;

import tools.jackson.databind.JsonNode;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A run of 12 steps beside a golden of transformers and peft, made by {@code
 * goldens/make_training_goldens.py}.
 */
final class GoldenRun {
    private static final Path FOLDER =
            Path.of(System.getProperty("longhand.module.directory", "."))
                    .resolve("src/test/goldens");

    private final Path folder;
    private final JsonNode golden;

    /** The settings that a fault may change. */
    record Settings(
            TrainingMethod method,
            UnaryOperator<TrainingBackend> backend,
            UnaryOperator<List<TrainingSequence>> sequences,
            UnaryOperator<AdamWStep> step,
            boolean recompute) {
        Settings {}

        static Settings of(TrainingMethod method) {
            return new Settings(
                    method,
                    UnaryOperator.identity(),
                    UnaryOperator.identity(),
                    UnaryOperator.identity(),
                    true);
        }

        Settings withMethod(TrainingMethod other) {
            return new Settings(other, backend, sequences, step, recompute);
        }

        Settings withBackend(UnaryOperator<TrainingBackend> other) {
            return new Settings(method, other, sequences, step, recompute);
        }

        Settings withSequences(UnaryOperator<List<TrainingSequence>> other) {
            return new Settings(method, backend, other, step, recompute);
        }

        Settings withStep(UnaryOperator<AdamWStep> other) {
            return new Settings(method, backend, sequences, other, recompute);
        }
    }

    /**
     * The largest errors of a run.
     *
     * @param loss relative
     * @param norm relative
     * @param weights length of the difference over the length of the change
     */
    record Errors(double loss, double norm, double weights) {
        /** Bars of a float32 trainer beside float32 torch. */
        boolean within() {
            return loss <= 1e-5 && norm <= 1e-4 && weights <= 2e-4;
        }
    }

    GoldenRun(String name) {
        folder = FOLDER.resolve(name);
        golden = Goldens.read(folder.resolve("golden.json"));
    }

    Path base() {
        return Goldens.checkpoint(golden.get("base").asString());
    }

    Settings settings() {
        if (golden.get("adapter").isNull()) {
            return Settings.of(new FullSettings(false));
        }
        boolean rsLora = golden.get("adapter").asString().contains("rslora");
        Set<Projection> some = EnumSet.of(Projection.O, Projection.DOWN);
        return Settings.of(
                rsLora
                        ? new LoraSettings(16, 8, true, some, 0)
                        : new LoraSettings(64, 128, false, EnumSet.allOf(Projection.class), 0));
    }

    private static int[] ints(JsonNode node) {
        return Goldens.integers(node).stream().mapToInt(Integer::intValue).toArray();
    }

    /** Returns the sequences of a step, each label weighted by the mean over its sequence. */
    List<TrainingSequence> sequences(int step) {
        List<TrainingSequence> sequences = new ArrayList<>();
        int[] chosen = ints(golden.get("steps").get(step));
        for (int index : chosen) {
            JsonNode sequence = golden.get("sequences").get(index);
            int[] labels = ints(sequence.get("labels"));
            long count =
                    Arrays.stream(labels)
                            .skip(1)
                            .filter(label -> label != TrainingSequence.NO_LABEL)
                            .count();
            sequences.add(
                    new TrainingSequence(
                            ints(sequence.get("ids")),
                            labels,
                            1.0 / (count * chosen.length),
                            index));
        }
        return sequences;
    }

    int steps() {
        return golden.get("steps").size();
    }

    AdamWStep step(int step, double norm) {
        double rate = golden.get("lr").get(step).asDouble();
        return new AdamWStep(
                step + 1, rate, rate, Math.min(1, 1 / (norm + 1e-6)), 0.9, 0.999, 1e-8, 0);
    }

    TrainableDecoder open(Settings settings) {
        DecoderOptions options =
                new DecoderOptions(settings.method(), null, 2, settings.recompute());
        TrainableDecoder model = TrainableDecoder.open(base(), options, settings.backend());
        if (!golden.get("adapter").isNull()) {
            String adapter = golden.get("adapter").asString();
            AdapterInitializer.read(model, base().resolve("adapters").resolve(adapter));
        }
        return model;
    }

    /** Runs all steps. */
    Errors run(Settings settings) {
        try (TrainableDecoder model = open(settings)) {
            List<float[]> initial = model.tensors().stream().map(GoldenRun::values).toList();
            double loss = 0;
            double norm = 0;
            for (int step = 0; step < steps(); step++) {
                model.clearGradients();
                List<TrainingSequence> sequences = settings.sequences().apply(sequences(step));
                double found = Arrays.stream(model.addGradients(sequences)).sum();
                double length = Math.sqrt(model.gradientSquares());
                loss = Math.max(loss, relative(golden.get("loss").get(step), found));
                norm = Math.max(norm, relative(golden.get("norm").get(step), length));
                model.update(settings.step().apply(step(step, length)));
            }
            return new Errors(loss, norm, weights(model, initial));
        }
    }

    private static double relative(JsonNode expected, double actual) {
        return Math.abs(actual / expected.asDouble() - 1);
    }

    private static float[] values(TrainedTensor tensor) {
        return tensor.master().toArray(ValueLayout.JAVA_FLOAT);
    }

    private double weights(TrainableDecoder model, List<float[]> initial) {
        int stride = golden.get("stride").asInt();
        double differences = 0;
        double changes = 0;
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(folder.resolve("final.safetensors"), arena);
            List<TrainedTensor> tensors = model.tensors();
            for (int t = 0; t < tensors.size(); t++) {
                HostTensor expected = file.tensor(tensors.get(t).name());
                float[] actual = values(tensors.get(t));
                if (expected.dtype() != DType.F32
                        || expected.shape().elements() != Math.ceilDiv(actual.length, stride)) {
                    throw new AssertionError(tensors.get(t).name() + " " + expected.shape());
                }
                for (int i = 0; i < actual.length; i += stride) {
                    double value = expected.get(i / stride);
                    differences += Math.pow(value - actual[i], 2);
                    changes += Math.pow(value - initial.get(t)[i], 2);
                }
            }
        }
        return Math.sqrt(differences / changes);
    }
}
