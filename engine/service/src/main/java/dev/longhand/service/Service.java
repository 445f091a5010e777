package dev.longhand.service;

import dev.longhand.engine.Engine;
import dev.longhand.engine.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.service.ServiceEvents.AdapterLoaded;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Runs generations for clients; the protocols are built on it. A request names the base model or a
 * loaded adapter. Clients may load adapters from one folder, or not at all.
 *
 * <p>All methods are safe for use by several threads.
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
    private final ByteBudget requestBytes = ByteBudget.ofHeap();
    private volatile boolean draining;

    /**
     * Creates a service over an engine, which the caller keeps and closes.
     *
     * @param base the name of the base model
     * @param adapterFolder the root of all adapters that clients may load; null rejects such
     *     requests
     */
    public Service(Engine engine, String base, @Nullable Path adapterFolder) {
        this.engine = engine;
        this.base = base;
        this.adapterFolder = adapterFolder;
    }

    /** The engine that runs the generations. */
    public Engine engine() {
        return engine;
    }

    /** The budget for requests that arrive, of all protocols. */
    public ByteBudget requestBytes() {
        return requestBytes;
    }

    /** The name of the base model. */
    public String base() {
        return base;
    }

    /** The model names that requests may use: the base, then the adapters. */
    public List<String> models() {
        List<String> models = new ArrayList<>(List.of(base));
        engine.adapters().list().forEach(adapter -> models.add(adapter.name()));
        return models;
    }

    /** Registers an observer. It sees all events from now on. */
    public void observe(ServiceObserver observer) {
        observers.add(observer);
    }

    List<ServiceObserver> observers() {
        return observers;
    }

    /** Registers an instrument; each later generation of the line protocol gets its own. */
    public void measure(Supplier<? extends GenerationInstrument> instrument) {
        instruments.add(instrument);
    }

    /** Creates the instruments of one generation, in the order of registration. */
    public List<GenerationInstrument> newInstruments() {
        return instruments.stream().<GenerationInstrument>map(Supplier::get).toList();
    }

    /**
     * Submits a request: all its samples, or none if this throws.
     *
     * @param model a name; null or empty is the base
     * @return the samples in order; the caller closes each
     * @throws UnknownModelException if no model has that name
     * @throws InputException if the request cannot be fulfilled as it is
     * @throws dev.longhand.engine.error.EngineBusyException if the queue is full
     * @throws IllegalStateException if the service is shutting down
     */
    public List<ServedGeneration> submit(
            @Nullable String model, GenerationRequest request, int samples) {
        long beganNanos = System.nanoTime();
        beginning.incrementAndGet(); // before reading draining: drain() waits for this count
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
     * Resolves a model name to an adapter; null is the base.
     *
     * @throws UnknownModelException if no model has that name
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
     * @param folder the folder of the adapter, relative to the service's adapter folder
     * @throws InputException if clients may not load adapters, or the folder is not a valid adapter
     */
    public AdapterInfo loadAdapter(String name, String folder) {
        if (adapterFolder == null) {
            throw new InputException(
                    "this service has no adapter folder: clients cannot load adapters");
        }
        if (name.equals(base)) {
            throw new InputException("%s is the base model".formatted(ErrorText.quote(name)));
        }
        AdapterLoaded event = new AdapterLoaded();
        event.begin();
        AdapterInfo info = engine.adapters().loadWithin(name, adapterFolder, folder);
        event.name = name;
        event.identity = info.identity();
        event.size = info.bytes();
        event.commit();
        return info;
    }

    /**
     * Unloads an adapter for a client. Waits for its running generations; returns when its memory
     * is free.
     *
     * @throws InputException if clients may not unload adapters, or none has that name
     */
    public void unloadAdapter(String name) throws InterruptedException {
        if (adapterFolder == null) {
            throw new InputException(
                    "this service has no adapter folder: clients cannot unload adapters");
        }
        engine.adapters().unload(name);
    }

    void ended(ServedGeneration generation) {
        running.remove(generation);
    }

    /** The number of generations that are queued or running and not yet closed. */
    public int running() {
        return running.size();
    }

    /** The distinct models of all queued and running generations, sorted. */
    public List<String> runningModels() {
        return running.stream().map(ServedGeneration::model).distinct().sorted().toList();
    }

    /** Whether {@link #drain} has begun, so that new requests are rejected. */
    public boolean draining() {
        return draining;
    }

    /**
     * Shuts down: rejects new requests, waits for the running generations, then cancels the rest,
     * whose clients receive finish reason {@code cancelled}.
     *
     * @param millisMax how long to wait before cancelling
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
