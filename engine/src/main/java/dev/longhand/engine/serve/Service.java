package dev.longhand.engine.serve;

import dev.longhand.engine.Engine;
import dev.longhand.engine.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Quoted;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.lora.AdapterInfo;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What both faces offer. The model that a request names is the base or a loaded adapter; adapters
 * may be loaded by clients from one folder, or not at all.
 */
public final class Service {
    private static final long DRAIN_LOOK_MILLIS = 10;

    private final Engine engine;
    private final String base;
    private final @Nullable Path adapterFolder;
    private final AtomicLong running = new AtomicLong();
    private volatile boolean draining;

    /**
     * A service over an engine, which stays the caller's.
     *
     * @param base the name of the base model
     * @param adapterFolder where adapters that clients load must lie; null refuses such requests
     */
    public Service(Engine engine, String base, @Nullable Path adapterFolder) {
        this.engine = engine;
        this.base = base;
        this.adapterFolder = adapterFolder;
    }

    /** The names that requests may use: the base, then the adapters. */
    List<String> models() {
        List<String> models = new ArrayList<>(List.of(base));
        engine.adapters().list().forEach(adapter -> models.add(adapter.name()));
        return models;
    }

    /**
     * Begins a generation, or several samples of it; the end of each is to be told.
     *
     * @param model its name; null or empty is the base
     * @throws UnknownModelException if there is none of that name
     * @throws InputException if the request cannot be fulfilled as it is
     * @throws dev.longhand.engine.schedule.EngineBusyException if too many wait already
     */
    public List<Generation> submit(@Nullable String model, GenerationRequest request, int samples) {
        if (draining) {
            throw new IllegalStateException("the server is shutting down");
        }
        String adapter = model == null || model.isEmpty() || model.equals(base) ? null : model;
        if (adapter != null && !models().contains(adapter)) {
            throw new UnknownModelException(adapter, models());
        }
        List<Generation> generations = engine.submitAll(request.withAdapter(adapter), samples);
        running.addAndGet(samples);
        return generations;
    }

    /**
     * Loads an adapter for a client.
     *
     * @param folder below the folder of the service's adapters
     * @throws InputException if clients may not load adapters, or not this one
     */
    AdapterInfo loadAdapter(String name, String folder) {
        if (adapterFolder == null) {
            throw new InputException(
                    "this server loads no adapters for clients; start it with --adapter-dir");
        }
        if (name.equals(base)) {
            throw new InputException("%s is the base model".formatted(Quoted.of(name)));
        }
        return engine.adapters().load(name, below(adapterFolder, folder));
    }

    /** Follows links, so that no link leads out of the folder. */
    private static Path below(Path root, String folder) {
        try {
            Path wanted = root.resolve(folder).toRealPath();
            if (wanted.startsWith(root.toRealPath())) {
                return wanted;
            }
        } catch (IOException | RuntimeException e) {
            // told to the client like any folder that is not there: it learns nothing of others
        }
        throw new InputException("there is no adapter folder " + Quoted.of(folder));
    }

    /**
     * Unloads an adapter for a client; returns when its memory is free.
     *
     * @throws InputException if clients may not, or there is none of that name
     */
    void unloadAdapter(String name) throws InterruptedException {
        if (adapterFolder == null) {
            throw new InputException("this server unloads no adapters for clients");
        }
        engine.adapters().unload(name);
    }

    /** Told when a generation of {@link #submit} was read to its end. */
    public void ended() {
        running.decrementAndGet();
    }

    /** How many generations are under way. */
    long running() {
        return running.get();
    }

    /** Refuses new requests from now on, and waits a while for those under way. */
    public void drain(long millisMax) throws InterruptedException {
        draining = true;
        long end = System.nanoTime() + millisMax * 1_000_000;
        while (running.get() > 0 && System.nanoTime() < end) {
            Thread.sleep(DRAIN_LOOK_MILLIS);
        }
    }
}
