package dev.longhand.training.model;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.weights.SafetensorsFile;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.training.AdapterInitializer;

import tools.jackson.databind.JsonNode;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A run of 12 steps, or of 2 for other families than Qwen2, beside a golden of transformers and
 * peft, made by {@code goldens/make_training_goldens.py}.
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
            Device device,
            boolean recompute) {
        Settings {}

        static Settings of(TrainingMethod method) {
            return new Settings(
                    method,
                    UnaryOperator.identity(),
                    UnaryOperator.identity(),
                    UnaryOperator.identity(),
                    Device.CPU,
                    true);
        }

        Settings withMethod(TrainingMethod other) {
            return new Settings(other, backend, sequences, step, device, recompute);
        }

        Settings withBackend(UnaryOperator<TrainingBackend> other) {
            return new Settings(method, other, sequences, step, device, recompute);
        }

        Settings withSequences(UnaryOperator<List<TrainingSequence>> other) {
            return new Settings(method, backend, other, step, device, recompute);
        }

        Settings withDevice(Device other) {
            return new Settings(method, backend, sequences, step, other, recompute);
        }

        Settings withRecompute(boolean other) {
            return new Settings(method, backend, sequences, step, device, other);
        }

        Settings withStep(UnaryOperator<AdamWStep> other) {
            return new Settings(method, backend, sequences, other, device, recompute);
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
        return Settings.of(
                switch (golden.get("adapter").asString()) {
                    case "r64" ->
                            new LoraSettings(64, 128, false, EnumSet.allOf(Projection.class), 0);
                    case "r4" -> new LoraSettings(4, 8, false, EnumSet.allOf(Projection.class), 0);
                    case "r16-rslora" ->
                            new LoraSettings(
                                    16, 8, true, EnumSet.of(Projection.O, Projection.DOWN), 0);
                    case "r8-qv" ->
                            new LoraSettings(
                                    8, 16, false, EnumSet.of(Projection.Q, Projection.V), 0);
                    case String other -> throw new AssertionError(other);
                });
    }

    private static int[] ints(JsonNode node) {
        return Goldens.integers(node).stream().mapToInt(Integer::intValue).toArray();
    }

    /** Returns the sequences of a step, each label weighted as the golden's. */
    List<TrainingSequence> sequences(int step) {
        int[] chosen = ints(golden.get("steps").get(step));
        List<TrainingSequence> sequences = Arrays.stream(chosen).mapToObj(this::sequence).toList();
        return weighted(sequences, token());
    }

    private TrainingSequence sequence(int index) {
        JsonNode sequence = golden.get("sequences").get(index);
        return new TrainingSequence(
                ints(sequence.get("ids")), ints(sequence.get("labels")), 1, index);
    }

    private boolean token() {
        return golden.path("normalisation").asString("sequence").equals("token");
    }

    /** Weighs labels by the mean over tokens instead of sequences, or the other way round. */
    List<TrainingSequence> otherNormalisation(List<TrainingSequence> sequences) {
        return weighted(sequences, !token());
    }

    /** Returns the labels that count. */
    static long labels(TrainingSequence sequence) {
        return Arrays.stream(sequence.labels())
                .skip(1)
                .filter(label -> label != TrainingSequence.NO_LABEL)
                .count();
    }

    private static List<TrainingSequence> weighted(
            List<TrainingSequence> sequences, boolean token) {
        long all = sequences.stream().mapToLong(GoldenRun::labels).sum();
        return sequences.stream()
                .map(
                        each ->
                                new TrainingSequence(
                                        each.ids(),
                                        each.labels(),
                                        1.0 / (token ? all : labels(each) * sequences.size()),
                                        each.dropoutKey()))
                .toList();
    }

    /** Returns the learning rate of a step from 0, or of the nearest step. */
    double rate(long step) {
        return golden.get("lr").get(Math.clamp(step, 0, steps() - 1)).asDouble();
    }

    int steps() {
        return golden.get("steps").size();
    }

    AdamWStep step(int step, double norm) {
        double decay = golden.path("weight_decay").asDouble(0);
        return new AdamWStep(
                step + 1,
                rate(step),
                rate(step),
                Math.min(1, 1 / (norm + 1e-6)),
                0.9,
                0.999,
                1e-8,
                decay);
    }

    TrainableDecoder open(Settings settings) {
        DecoderOptions options =
                new DecoderOptions(
                        settings.method(), null, settings.device(), 2, settings.recompute());
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
        float[] values = tensor.master().toArray(ValueLayout.JAVA_FLOAT);
        for (int i = 0; i < values.length; i++) {
            values[i] -= tensor.base();
        }
        return values;
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
