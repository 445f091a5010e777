package dev.longhand.engine.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.file.OpenResources;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.backend.DecoderOps;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * An open checkpoint and the backend that its model will run on. Opening maps files and reads their
 * headers; {@link #load} reads the weights. The loader stays open as long as its model.
 */
public final class ModelLoader implements AutoCloseable {
    private final OpenResources resources;
    private final ModelConfig config;
    private final Checkpoint checkpoint;
    private final LinearWeights linear;
    private final Arena hostMemory;
    private final ComputeBackend backend;
    private volatile boolean mapped; // whether the weights of the loaded model are mapped files

    private ModelLoader(
            OpenResources resources,
            ModelConfig config,
            Checkpoint checkpoint,
            LinearWeights linear,
            Arena hostMemory,
            ComputeBackend backend) {
        this.resources = resources;
        this.config = config;
        this.checkpoint = checkpoint;
        this.linear = linear;
        this.hostMemory = hostMemory;
        this.backend = backend;
    }

    /**
     * Opens the checkpoint in a folder, then a backend.
     *
     * @param weights format that linear layers are quantised to; null keeps the stored one
     * @param backend opens the backend; the loader closes it
     * @throws dev.longhand.engine.error.InputException if a file cannot be used
     */
    @SuppressWarnings("MustBeClosedChecker") // the loader closes all of it
    public static ModelLoader open(
            Path folder,
            ModelConfig config,
            @Nullable DType weights,
            Supplier<ComputeBackend> backend) {
        OpenResources resources = new OpenResources();
        try {
            Checkpoint checkpoint = resources.add(Checkpoint.open(folder));
            LinearWeights linear = resources.add(new LinearWeights(checkpoint, config, weights));
            // The backend reads this memory until it closes, so the memory opens first.
            Arena hostMemory = resources.add(Arena.ofShared());
            ComputeBackend opened = resources.add(backend.get());
            return new ModelLoader(resources, config, checkpoint, linear, hostMemory, opened);
        } catch (RuntimeException | Error e) {
            resources.close();
            throw e;
        }
    }

    /** Files of the checkpoint. */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /** Formats and sizes of the linear layers' weights. */
    public LinearWeights linear() {
        return linear;
    }

    /** Backend of the model. */
    public ComputeBackend backend() {
        return backend;
    }

    /**
     * Loads the weights and allocates the model's buffers and KV cache.
     *
     * @param ops the backend, or a decorator of it
     * @throws dev.longhand.engine.error.InputException if a tensor is missing, has another shape or
     *     has NaN or infinity
     * @throws dev.longhand.engine.error.FileChangedException if a file was changed meanwhile
     */
    @SuppressWarnings("MustBeClosedChecker") // the model closes its cache
    public LoadedModel load(
            DecoderOps ops, StepSize stepSize, KvShape kvShape, LoadProgress progress) {
        DecoderWeights weights =
                DecoderWeights.bind(checkpoint, config, backend, linear, progress, hostMemory);
        requireUnchanged();
        mapped = weights.embedding() instanceof HostTensor;
        DecoderModel model =
                new DecoderModel(
                        weights, config, backend, ops, stepSize, hostMemory, this::requireSound);
        return new LoadedModel(model, ops, backend.allocateKv(kvShape));
    }

    /**
     * Checks that the model computes with the weights that were loaded. A device with memory of its
     * own has a copy; other backends read the mapped files in every step. Takes some microseconds
     * and allocates nothing; any thread may call.
     *
     * @throws dev.longhand.engine.error.FileChangedException if a file that steps read was changed
     */
    public void requireSound() {
        if (mapped) {
            requireUnchanged();
        }
    }

    private void requireUnchanged() {
        checkpoint.requireUnchanged();
        linear.requireUnchanged();
    }

    /** Closes the backend and the files. Close the model first. */
    @Override
    public void close() {
        resources.close();
    }
}
