package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A decoder in training: adapters over frozen weights in any format, or all weights. Forward and
 * backward pass are those of {@link TrainingLayer} and {@link TrainingHead}, one sequence at a
 * time, without padding.
 */
public final class TrainableDecoder implements TrainableModel {
    private final Checkpoint checkpoint;
    private final LinearWeights linearWeights;
    private final TrainingBackend backend;
    private final Arena arena;
    private final ModelConfig model;
    private final DecoderOptions options;
    private final Weights embedding;
    private final List<TrainingLayer> layers;
    private final TrainingHead head;
    private final List<TrainedValues> trained;
    private @Nullable SequenceMemory memory;
    private boolean closed;

    private TrainableDecoder(
            Checkpoint checkpoint,
            LinearWeights linearWeights,
            TrainingBackend backend,
            Arena arena,
            ModelConfig model,
            DecoderOptions options) {
        this.checkpoint = checkpoint;
        this.linearWeights = linearWeights;
        this.backend = backend;
        this.arena = arena;
        this.model = model;
        this.options = options;
        DecoderWeights weights =
                DecoderWeights.bind(
                        checkpoint,
                        model,
                        backend.memory(),
                        linearWeights,
                        LoadProgress.SILENT,
                        arena);
        DecoderTensors tensors =
                new DecoderTensors(backend, model, weights, options, arena, backend.arena());
        embedding = tensors.embedding();
        layers = tensors.layers();
        head = tensors.head(embedding);
        trained = List.copyOf(tensors.trained());
    }

    /**
     * Opens a checkpoint folder for training.
     *
     * @throws InputException if the checkpoint is malformed, or quantised where all weights are to
     *     be trained
     * @throws dev.longhand.kernels.BackendUnavailableException if this build has no CPU kernels
     */
    public static TrainableDecoder open(Path folder, DecoderOptions options) {
        return open(folder, options, UnaryOperator.identity());
    }

    /** Opens a checkpoint folder over a changed backend. */
    static TrainableDecoder open(
            Path folder, DecoderOptions options, UnaryOperator<TrainingBackend> change) {
        return open(
                folder,
                options,
                change.apply(
                        BackendChoice.training(
                                options.device(),
                                options.threads(),
                                options.products(),
                                options.layout().streamed())));
    }

    @SuppressWarnings("MustBeClosedChecker") // the decoder closes it
    private static TrainableDecoder open(
            Path folder, DecoderOptions options, TrainingBackend backend) {
        Arena arena = Arena.ofShared();
        Checkpoint checkpoint = null;
        try {
            ModelConfig model = ModelConfig.read(folder);
            checkpoint = Checkpoint.open(folder);
            if (options.method() instanceof FullSettings && !checkpoint.isFolder()) {
                throw new InputException(
                        folder
                                + " is a GGUF file: train an adapter, or all weights of a folder of"
                                + " safetensors");
            }
            LinearWeights linear = new LinearWeights(checkpoint, model, options.weights());
            return new TrainableDecoder(checkpoint, linear, backend, arena, model, options);
        } catch (RuntimeException | Error e) {
            backend.close();
            arena.close();
            if (checkpoint != null) {
                checkpoint.close();
            }
            throw e;
        }
    }

    /** Returns the hyperparameters of the model. */
    public ModelConfig config() {
        return model;
    }

    /** Returns the device in words. */
    public String description() {
        return backend.description();
    }

    @Override
    public List<TrainedTensor> tensors() {
        return trained.stream().map(TrainedValues::tensor).toList();
    }

    @Override
    public void clearGradients() {
        trained.forEach(values -> values.clearGradient());
    }

    @Override
    public double[] addGradients(List<TrainingSequence> microBatch) {
        microBatch.forEach(this::check);
        return microBatch.stream().mapToDouble(this::addGradients).toArray();
    }

    private double addGradients(TrainingSequence sequence) {
        boolean recompute = options.recompute();
        int rows = sequence.ids().length;
        SequenceMemory buffers = memory(rows);
        SequencePass pass = new SequencePass(buffers, rows, sequence.dropoutKey(), !recompute);
        Tensor out = forward(pass, sequence, false);
        Tensor dx = buffers.dx(rows);
        double loss = head.differentiate(pass, sequence, out, dx);
        boolean full = options.method() instanceof FullSettings;
        for (int i = layers.size() - 1; i >= 0; i--) {
            backend.stage(layers.get(i).frozen());
            buffers.restoreInput(backend, i, rows);
            layers.get(i)
                    .backward(
                            pass,
                            buffers.activations(i, rows),
                            buffers.input(i, rows),
                            dx,
                            recompute,
                            i == 0 && !full);
        }
        Tensor dtable = embedding.gradient();
        if (dtable != null) {
            backend.embedBackward(dx, sequence.ids(), embeddingScale(), dtable);
        }
        checkpoint.requireUnchanged();
        return loss;
    }

    private float embeddingScale() {
        return model.traits().scales().embedding();
    }

    /**
     * Computes the output of the last layer.
     *
     * @param alternate whether inputs of layers are forgotten: two tensors take turns
     */
    private Tensor forward(SequencePass pass, TrainingSequence sequence, boolean alternate) {
        SequenceMemory buffers = pass.memory();
        int rows = pass.rows();
        Tensor x = buffers.input(0, rows);
        backend.embed(embedding.values(), sequence.ids(), embeddingScale(), x);
        for (int i = 0; i < layers.size(); i++) {
            backend.stage(layers.get(i).frozen());
            if (!alternate) {
                buffers.keepInput(backend, i, rows);
            }
            Tensor y = buffers.input(alternate ? (i + 1) % 2 : i + 1, rows);
            layers.get(i).forward(pass, buffers.activations(i, rows), x, y);
            x = y;
        }
        return x;
    }

    @Override
    public Evaluation evaluate(TrainingSequence sequence) {
        check(sequence);
        int rows = sequence.ids().length;
        SequencePass pass = new SequencePass(memory(rows), rows, null, !options.recompute());
        return head.evaluate(pass, sequence, forward(pass, sequence, true));
    }

    private void check(TrainingSequence sequence) {
        if (sequence.ids().length > model.maxPositions()) {
            throw new IllegalArgumentException(
                    "a sequence of %d tokens, the model has %d positions"
                            .formatted(sequence.ids().length, model.maxPositions()));
        }
        for (int i = 0; i < sequence.ids().length; i++) {
            int id = sequence.ids()[i];
            int label = sequence.labels()[i];
            if (id < 0 || id >= model.vocabSize()) {
                throw new IllegalArgumentException(
                        "id %d at %d is outside the vocabulary".formatted(id, i));
            }
            if (label != TrainingSequence.NO_LABEL && (label < 0 || label >= model.vocabSize())) {
                throw new IllegalArgumentException(
                        "label %d at %d is outside the vocabulary".formatted(label, i));
            }
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the memory closes it
    private SequenceMemory memory(int rows) {
        if (memory == null || memory.capacity() < rows) {
            if (memory != null) {
                memory.close();
            }
            memory = new SequenceMemory(backend.arena(), model, options, rows);
        }
        return memory;
    }

    @Override
    public double gradientSquares() {
        double sum = 0;
        for (TrainedValues values : trained) {
            sum += backend.sumOfSquares(values.gradient());
        }
        return sum;
    }

    @Override
    public void update(AdamWStep step) {
        trained.forEach(values -> values.update(step));
    }

    @Override
    public void publishMasters() {
        trained.forEach(values -> values.publish());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (memory != null) {
                memory.close();
            }
            backend.close();
            arena.close();
            linearWeights.close();
            checkpoint.close();
        }
    }
}
