package dev.longhand.engine;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
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
 * The LoRA adapters of a running engine. A request names one, and requests of all adapters and of
 * none advance in one batch; or one adapter is merged into the weights, and the engine is that
 * model until it is unmerged. All methods may be called from any thread while others generate.
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
    private final Object merging = new Object(); // one merge at a time
    private @Nullable Merge merged;

    /** What is in the weights, from the next request on. */
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
     * Loads a PEFT folder under a name. A name that is taken leads to the new content from now on;
     * generations under way keep the old to their end.
     *
     * @throws InputException if the adapter cannot be applied exactly, does not fit the model or
     *     the limit of memory; what the name led to before stays
     */
    public AdapterInfo load(String name, Path folder) {
        return load(name, folder, 1);
    }

    /**
     * The same, applied more or less strongly than the folder asks for.
     *
     * @param factor multiplies the scale of every change (alpha / rank); part of what an adapter is
     *     known by
     */
    public AdapterInfo load(String name, Path folder, float factor) {
        return registry.load(name, folder, factor);
    }

    /**
     * Forgets an adapter, waits for the generations that use it and gives its memory back.
     *
     * @throws InputException if there is none of that name, or it is merged
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
     * Keeps an adapter in memory whatever is loaded beside it, or no longer.
     *
     * @throws InputException if there is none of that name
     */
    public void pin(String name, boolean pinned) {
        registry.pin(name, pinned);
    }

    /** The loaded adapters, used longest ago first. */
    public List<AdapterInfo> list() {
        return registry.list();
    }

    /** Host memory that adapters take, merged weights apart. */
    public long residentBytes() {
        return registry.residentBytes();
    }

    /** The name of the merged adapter, if one is merged. */
    public synchronized Optional<String> merged() {
        return Optional.ofNullable(merged).map(Merge::name);
    }

    /**
     * Makes the engine the model of an adapter: its weights become the pristine ones plus the
     * adapter's change, added in F32 and rounded once, whatever was merged before. Requests
     * submitted until now run as they were meant; from now on requests must name this adapter, and
     * run at the speed of the base. Others generate while the weights are computed; the swap waits
     * for those under way.
     *
     * @throws InputException if there is none of that name, no memory for its weights, or the
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

    /** Makes the engine the base model again, to the bit; does nothing if nothing is merged. */
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

    /** On the device thread, while no sequence is under way. */
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
     * Begins something with the adapter that a request names, as the weights will be when it runs.
     *
     * @param count how many uses of it
     * @param begin given the uses of the adapter, which are its to release unless it throws
     */
    void begin(@Nullable String name, int count, Consumer<List<AdapterUse>> begin) {
        ResidentAdapter adapter = name == null ? null : registry.acquire(name);
        for (int i = 1; adapter != null && i < count; i++) {
            adapter.holdAgain();
        }
        try {
            synchronized (this) { // no merge comes between the choice and its place in the queue
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

    /** After the device thread has ended. */
    @Override
    public synchronized void close() {
        free(merged);
        merged = null;
        registry.close();
    }
}
