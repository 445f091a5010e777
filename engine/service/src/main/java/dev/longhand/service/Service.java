package dev.longhand.service;

import dev.longhand.engine.Engine;
import dev.longhand.engine.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Quoted;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.lora.AdapterInfo;
import dev.longhand.service.ServiceEvents.AdapterLoaded;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * What both faces offer. The model that a request names is the base or a loaded adapter; adapters
 * may be loaded by clients from one folder, or not at all.
 */
public final class Service {
    private static final long DRAIN_LOOK_MILLIS = 10;
    private static final long CANCEL_MILLIS_MAX = 2000;

    private final Engine engine;
    private final String base;
    private final @Nullable Path adapterFolder;
    private final AtomicLong beginning = new AtomicLong();
    private final AtomicLong ids = new AtomicLong();
    private final Set<ServedGeneration> running = ConcurrentHashMap.newKeySet();
    private final List<ServiceObserver> observers = new CopyOnWriteArrayList<>();
    private final List<Supplier<? extends GenerationInstrument>> instruments =
            new CopyOnWriteArrayList<>();
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

    /** The engine that it serves. */
    public Engine engine() {
        return engine;
    }

    /** The name of the base model. */
    public String base() {
        return base;
    }

    /** The names that requests may use: the base, then the adapters. */
    public List<String> models() {
        List<String> models = new ArrayList<>(List.of(base));
        engine.adapters().list().forEach(adapter -> models.add(adapter.name()));
        return models;
    }

    /** Registers an observer of all generations that begin or continue from now on. */
    public void observe(ServiceObserver observer) {
        observers.add(observer);
    }

    List<ServiceObserver> observers() {
        return observers;
    }

    /**
     * Has each generation of the line protocol measured by an instrument of its own from now on.
     */
    public void measure(Supplier<? extends GenerationInstrument> instrument) {
        instruments.add(instrument);
    }

    /** New instruments for one generation, in the order of their registration. */
    public List<GenerationInstrument> newInstruments() {
        return instruments.stream().<GenerationInstrument>map(Supplier::get).toList();
    }

    /**
     * Begins a generation, or several samples of it, all or none.
     *
     * @param model its name; null or empty is the base
     * @return the generations, each the caller's to close
     * @throws UnknownModelException if there is none of that name
     * @throws InputException if the request cannot be fulfilled as it is
     * @throws dev.longhand.engine.schedule.EngineBusyException if too many wait already
     * @throws IllegalStateException if the service is shutting down
     */
    public List<ServedGeneration> submit(
            @Nullable String model, GenerationRequest request, int samples) {
        long beganNanos = System.nanoTime();
        beginning.incrementAndGet(); // before the look at draining, which waits for it
        try {
            if (draining) {
                throw new IllegalStateException("the server is shutting down");
            }
            String adapter = adapter(model);
            List<ServedGeneration> served = new ArrayList<>();
            for (Generation each : engine.submitAll(request.withAdapter(adapter), samples)) {
                String name = adapter == null ? base : adapter;
                served.add(
                        new ServedGeneration(this, each, name, ids.incrementAndGet(), beganNanos));
            }
            running.addAll(served);
            return served;
        } finally {
            beginning.decrementAndGet();
        }
    }

    /**
     * The adapter that a model's name stands for; null is the base.
     *
     * @throws UnknownModelException if there is none of that name
     */
    public @Nullable String adapter(@Nullable String model) {
        if (model == null || model.isEmpty() || model.equals(base)) {
            return null;
        }
        if (!models().contains(model)) {
            throw new UnknownModelException(model, models());
        }
        return model;
    }

    /**
     * Loads an adapter for a client.
     *
     * @param folder below the folder of the service's adapters
     * @throws InputException if clients may not load adapters, or not this one
     */
    public AdapterInfo loadAdapter(String name, String folder) {
        if (adapterFolder == null) {
            throw new InputException(
                    "this server loads no adapters for clients; start it with --adapter-dir");
        }
        if (name.equals(base)) {
            throw new InputException("%s is the base model".formatted(Quoted.of(name)));
        }
        AdapterLoaded event = new AdapterLoaded();
        event.begin();
        AdapterInfo info = engine.adapters().load(name, below(adapterFolder, folder));
        event.name = name;
        event.identity = info.identity();
        event.size = info.bytes();
        event.commit();
        return info;
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
    public void unloadAdapter(String name) throws InterruptedException {
        if (adapterFolder == null) {
            throw new InputException("this server unloads no adapters for clients");
        }
        engine.adapters().unload(name);
    }

    void ended(ServedGeneration generation) {
        running.remove(generation);
    }

    /** How many generations are under way or waiting, and not closed by who reads them. */
    public int running() {
        return running.size();
    }

    /** The models of the generations under way or waiting, each once. */
    public List<String> runningModels() {
        return running.stream().map(ServedGeneration::model).distinct().sorted().toList();
    }

    /** Whether new requests are refused because the end is near. */
    public boolean draining() {
        return draining;
    }

    /**
     * Refuses new requests from now on, and waits a while for those under way. What takes longer is
     * cancelled, and its client is told so.
     */
    public void drain(long millisMax) throws InterruptedException {
        draining = true;
        awaitEnd(millisMax);
        running.forEach(ServedGeneration::cancel);
        awaitEnd(CANCEL_MILLIS_MAX);
    }

    private void awaitEnd(long millisMax) throws InterruptedException {
        long end = System.nanoTime() + millisMax * 1_000_000;
        while ((beginning.get() > 0 || running() > 0) && System.nanoTime() < end) {
            Thread.sleep(DRAIN_LOOK_MILLIS);
        }
    }
}
