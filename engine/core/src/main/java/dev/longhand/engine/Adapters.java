package dev.longhand.engine;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.lora.AdapterFolder;
import dev.longhand.engine.lora.AdapterReader;
import dev.longhand.engine.lora.AdapterRegistry;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.engine.lora.MergedWeights;
import dev.longhand.engine.lora.ResidentAdapter;
import dev.longhand.engine.model.DecoderModel;
import dev.longhand.engine.schedule.DeviceThread;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.backend.ComputeBackend;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * LoRA adapters of a running engine. One batch holds requests of any adapter and of the base.
 * Alternatively one adapter is merged into the weights, and every request must name it until it is
 * unmerged. All methods may be called from any thread while others generate.
 */
public final class Adapters implements AutoCloseable {
    private final AdapterRegistry registry;
    private final Checkpoint pristine;
    private final ModelConfig config;
    private final DecoderModel model;
    private final ComputeBackend backend;
    private final DeviceThread device;
    private final boolean quantized;
    private final int threads;
    private final Object merging = new Object(); // lock: one merge at a time
    private @Nullable Merge merged;

    /** An adapter that is merged into the weights, for requests from now on. */
    private record Merge(String name, ResidentAdapter adapter, MergedWeights weights) {}

    Adapters(
            long bytesMax,
            Checkpoint pristine,
            ModelConfig config,
            DecoderModel model,
            ComputeBackend backend,
            DeviceThread device,
            boolean quantized,
            int threads) {
        registry = new AdapterRegistry(new AdapterReader(config), bytesMax, device);
        this.pristine = pristine;
        this.config = config;
        this.model = model;
        this.backend = backend;
        this.device = device;
        this.quantized = quantized;
        this.threads = threads;
    }

    /**
     * Loads a PEFT folder under a name. If the name is taken, later requests get the new adapter,
     * and running generations keep the old one.
     *
     * @throws InputException if the adapter cannot be applied exactly, does not fit the model or
     *     exceeds the memory limit; the name then keeps its old adapter
     */
    public AdapterInfo load(String name, Path folder) {
        return load(name, folder, 1);
    }

    /**
     * Loads a PEFT folder under a name and changes its scale.
     *
     * @param factor multiplies alpha / rank of every matrix; it is part of the adapter's identity
     * @throws InputException as {@link #load(String, Path)}
     */
    public AdapterInfo load(String name, Path folder, float factor) {
        return registry.load(name, AdapterFolder.ofOperator(folder), factor);
    }

    /**
     * Loads a PEFT folder for a client under a name. Unlike {@link #load(String, Path)}, all of its
     * files must lie within a permitted folder after links are resolved, and errors show no path
     * outside of it.
     *
     * @param permitted the folder that holds all adapters that clients may load
     * @param folder relative to it
     * @throws InputException as {@link #load(String, Path)}
     */
    public AdapterInfo loadWithin(String name, Path permitted, String folder) {
        return registry.load(name, AdapterFolder.ofClient(permitted, folder), 1);
    }

    /**
     * Unloads an adapter: waits for the generations that use it, then frees its memory.
     *
     * @throws InputException if no adapter has the name, or it is merged
     */
    public void unload(String name) throws InterruptedException {
        synchronized (this) {
            if (merged != null && merged.name.equals(name)) {
                throw new InputException(
                        "adapter %s is merged; unmerge it first".formatted(ErrorText.quote(name)));
            }
        }
        registry.unload(name);
    }

    /**
     * Pins an adapter in memory, so that other adapters cannot evict it, or unpins it.
     *
     * @throws InputException if no adapter has the name
     */
    public void pin(String name, boolean pinned) {
        registry.pin(name, pinned);
    }

    /** Lists the loaded adapters, least recently used first. */
    public List<AdapterInfo> list() {
        return registry.list();
    }

    /** Returns the host memory of resident adapters in bytes, without merged weights. */
    public long residentBytes() {
        return registry.residentBytes();
    }

    /** Returns the name of the merged adapter, if one is merged. */
    public synchronized Optional<String> merged() {
        return Optional.ofNullable(merged).map(Merge::name);
    }

    /**
     * Merges an adapter into the weights. The result is the checkpoint's weights plus the adapter's
     * change, added in F32 and rounded once; an adapter that was merged before is replaced.
     * Requests submitted earlier run unmerged. Later requests must name this adapter and run at the
     * speed of the base model. Generation continues while the weights are computed; the swap waits
     * until running sequences have ended.
     *
     * @throws InputException if no adapter has the name, its weights do not fit into memory, or the
     *     weights are quantised
     */
    public void merge(String name) throws InterruptedException {
        if (quantized) {
            throw new InputException(
                    "the weights are quantised, and a merged adapter would be rounded with them;"
                            + " apply it unmerged, or open the model with weights as stored");
        }
        synchronized (merging) {
            ResidentAdapter adapter = registry.acquire(name);
            MergedWeights weights;
            try {
                weights = new MergedWeights(adapter.content(), pristine, config, threads);
            } catch (RuntimeException e) {
                adapter.release();
                throw e;
            }
            replace(new Merge(name, adapter, weights));
        }
    }

    /** Restores the weights of the base model bit for bit. Does nothing if no adapter is merged. */
    public void unmerge() throws InterruptedException {
        synchronized (merging) {
            if (merged().isPresent()) {
                replace(null);
            }
        }
    }

    private void replace(@Nullable Merge next) throws InterruptedException {
        Future<?> swapped;
        synchronized (this) {
            Merge before = merged;
            try {
                swapped = device.submitAlone(() -> swap(before, next));
            } catch (RuntimeException e) {
                free(next);
                throw e;
            }
            merged = next;
        }
        DeviceThread.await(swapped);
    }

    /** Swaps the weights. Runs on the device thread while no sequence is running. */
    private void swap(@Nullable Merge before, @Nullable Merge next) {
        if (before != null) {
            before.weights.uninstall(backend, model.weights());
            free(before);
        }
        if (next != null) {
            next.weights.install(backend, model.weights());
        }
    }

    private static void free(@Nullable Merge merge) {
        if (merge != null) {
            merge.weights.close();
            merge.adapter.release();
        }
    }

    /**
     * Acquires the adapter that a request names and passes its uses to an action that queues the
     * sequences. No merge can be queued in between, so the uses match the weights at that place of
     * the queue.
     *
     * @param name null is the base model
     * @param count number of sequences, and of uses
     * @param begin receives the uses and releases them later; if it throws, this method releases
     *     them
     */
    void begin(@Nullable String name, int count, Consumer<List<AdapterUse>> begin) {
        ResidentAdapter adapter = name == null ? null : registry.acquire(name);
        for (int i = 1; adapter != null && i < count; i++) {
            adapter.holdAgain();
        }
        try {
            synchronized (this) { // a merge waits until the sequences are queued
                List<AdapterUse> uses = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    uses.add(use(name, adapter));
                }
                begin.accept(uses);
            }
        } catch (RuntimeException | Error e) {
            for (int i = 0; adapter != null && i < count; i++) {
                adapter.release();
            }
            throw e;
        }
    }

    private AdapterUse use(@Nullable String name, @Nullable ResidentAdapter adapter) {
        if (merged != null) {
            String identity = merged.adapter.content().identity();
            if (adapter == null || !adapter.content().identity().equals(identity)) {
                throw new InputException(
                        "adapter %s is merged into the weights: no request for %s until it is unmerged"
                                .formatted(
                                        ErrorText.quote(merged.name),
                                        name == null ? "the base" : ErrorText.quote(name)));
            }
            return AdapterUse.merged(adapter);
        }
        return adapter == null ? AdapterUse.none() : AdapterUse.applied(adapter);
    }

    /** Frees all adapters. Call it after the device thread has ended. */
    @Override
    public synchronized void close() {
        free(merged);
        merged = null;
        registry.close();
    }
}
