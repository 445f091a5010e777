package dev.longhand.engine.lora;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.engine.work.Workers;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * The adapters that requests can name. The most recently used ones stay in host memory up to a byte
 * limit; evicted ones are read again from their folders on demand. Any thread may call. Folders are
 * read one after another on a platform thread of the registry, so that reading blocks neither the
 * device thread nor the carriers of virtual threads that wait for it; an interrupt ends the wait.
 */
public final class AdapterRegistry implements AutoCloseable {
    /** Maximum number of registered names. */
    public static final int NAMES_MAX = 10_000;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}");

    private final AdapterReader reader;
    private final long bytesMax;
    private final int namesMax;
    private final Executor device;
    private final Workers reading = new Workers("longhand-adapter", 1);
    private final LinkedHashMap<String, Entry> entries =
            new LinkedHashMap<>(); // the most recently used last
    private final Set<ResidentAdapter> leaving = new HashSet<>(); // no holds left, not yet freed
    private long bytes;
    private boolean closed;

    /** The adapter registered under one name, resident or evicted. */
    private static final class Entry {
        private final AdapterFolder folder;
        private final float factor;
        private final String identity;
        private final int rankMax;
        private final long bytes;
        private boolean pinned;
        private @Nullable ResidentAdapter resident;

        Entry(AdapterFolder folder, float factor, ResidentAdapter resident) {
            this.folder = folder;
            this.factor = factor;
            identity = resident.content().identity();
            rankMax = resident.content().rankMax();
            bytes = resident.content().bytes();
            this.resident = resident;
        }

        AdapterInfo info(String name) {
            return new AdapterInfo(name, identity, rankMax, bytes, resident != null, pinned);
        }
    }

    /**
     * Creates an empty registry.
     *
     * @param bytesMax limit on the host memory of all adapters together, in bytes
     * @param device runs tasks on the device thread, between its steps
     */
    public AdapterRegistry(AdapterReader reader, long bytesMax, Executor device) {
        this(reader, bytesMax, NAMES_MAX, device);
    }

    AdapterRegistry(AdapterReader reader, long bytesMax, int namesMax, Executor device) {
        this.reader = reader;
        this.bytesMax = bytesMax;
        this.namesMax = namesMax;
        this.device = device;
    }

    /**
     * Reads a folder and registers the adapter under a name. If the name is taken, new requests get
     * the new content. Running requests keep the old content, which is freed when the last of them
     * ends.
     *
     * @param factor multiplies the scale that the folder configures; finite
     * @throws InputException if the adapter cannot be used or does not fit in memory; the name then
     *     keeps its previous content
     * @throws java.util.concurrent.CancellationException if this thread is interrupted before the
     *     folder's turn comes
     * @throws IllegalStateException if the registry is closed
     */
    public AdapterInfo load(String name, AdapterFolder folder, float factor) {
        if (!NAME.matcher(name).matches()) {
            throw new InputException(
                    "the adapter name %s: letters, digits and . _ : @ - , at most 128"
                            .formatted(ErrorText.quote(name)));
        }
        if (!Float.isFinite(factor)) {
            throw new InputException("the scale of an adapter is finite, not " + factor);
        }
        return reading.call(
                () -> {
                    requireRoomFor(name);
                    return replace(name, new Entry(folder, factor, read(folder, factor)));
                });
    }

    /** Rejects a name beyond the limit. Only the reading thread adds names. */
    private synchronized void requireRoomFor(String name) {
        if (entries.size() >= namesMax && !entries.containsKey(name)) {
            throw new InputException("at most " + namesMax + " adapters");
        }
    }

    private synchronized AdapterInfo replace(String name, Entry entry) {
        if (closed) {
            drop(entry);
            throw new IllegalStateException("the engine is closed");
        }
        Entry before = entries.putLast(name, entry);
        if (before != null) {
            entry.pinned = before.pinned;
            drop(before);
        }
        return entry.info(name);
    }

    /**
     * Returns the adapter registered under a name, with one hold that the caller must release.
     *
     * @throws InputException if no adapter has that name, or if it was evicted and cannot be read
     *     again
     */
    public ResidentAdapter acquire(String name) {
        ResidentAdapter resident = hold(name);
        if (resident != null) {
            return resident;
        }
        return reading.call(
                () -> {
                    ResidentAdapter other = hold(name);
                    return other != null ? other : readAgain(name, entry(name));
                });
    }

    /** Adds a hold for a caller that already has one. */
    synchronized void holdAgain(ResidentAdapter resident) {
        resident.hold();
    }

    private synchronized Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new InputException(
                    "there is no adapter %s; loaded: %s"
                            .formatted(ErrorText.quote(name), entries.keySet()));
        }
        return entry;
    }

    private synchronized @Nullable ResidentAdapter hold(String name) {
        Entry entry = entry(name);
        entries.putLast(name, entry);
        ResidentAdapter resident = entry.resident;
        if (resident != null) {
            resident.hold();
        }
        return resident;
    }

    private ResidentAdapter readAgain(String name, Entry entry) {
        ResidentAdapter resident = read(entry.folder, entry.factor);
        if (!resident.content().identity().equals(entry.identity)) {
            release(resident);
            throw entry.folder.shown(
                    new InputException(
                            "%s has changed since adapter %s was loaded; load it again"
                                    .formatted(entry.folder, ErrorText.quote(name))));
        }
        synchronized (this) {
            if (entries.containsValue(entry)) {
                entry.resident = resident;
                resident.hold();
            }
            return resident;
        }
    }

    /** Makes room for a folder's adapter and reads it; the result has one hold. */
    private ResidentAdapter read(AdapterFolder folder, float factor) {
        AtomicLong reserved = new AtomicLong();
        try {
            Adapter content =
                    reader.read(
                            folder,
                            factor,
                            wanted -> {
                                makeRoom(folder, wanted);
                                reserved.set(wanted);
                            });
            return new ResidentAdapter(this, content);
        } catch (RuntimeException | Error e) {
            freed(reserved.get());
            throw e;
        }
    }

    private void makeRoom(AdapterFolder folder, long wanted) {
        try {
            for (ResidentAdapter each : evict(folder, wanted)) {
                each.awaitGone();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InputException("interrupted while making room for " + folder, e);
        }
        synchronized (this) {
            bytes += wanted; // only this thread reads, so others can only decrease it
        }
    }

    /**
     * Evicts idle, unpinned adapters, least recently used first, until {@code wanted} bytes fit. If
     * evicting all of them would not suffice, evicts none and throws. Returns the adapters whose
     * memory is still to be freed.
     */
    private synchronized List<ResidentAdapter> evict(AdapterFolder folder, long wanted) {
        long left = bytes - leaving.stream().mapToLong(each -> each.content().bytes()).sum();
        List<Entry> victims = new ArrayList<>();
        for (Entry entry : entries.values()) {
            ResidentAdapter resident = entry.resident;
            if (left + wanted > bytesMax && resident != null && !entry.pinned && resident.idle()) {
                left -= resident.content().bytes();
                victims.add(entry);
            }
        }
        if (left + wanted > bytesMax) {
            throw new InputException(
                    ("%s takes %d bytes, and %d of %d are in use or pinned; unload an adapter,"
                                    + " or raise the limit")
                            .formatted(folder, wanted, left, bytesMax));
        }
        victims.forEach(this::drop);
        return List.copyOf(leaving);
    }

    /** Releases the registry's hold on an entry's adapter. */
    private void drop(Entry entry) {
        ResidentAdapter resident = entry.resident;
        entry.resident = null;
        if (resident != null) {
            release(resident);
        }
    }

    synchronized void release(ResidentAdapter resident) {
        if (resident.letGo()) {
            leaving.add(resident);
            device.execute(resident::free);
        }
    }

    synchronized void gone(ResidentAdapter resident) {
        leaving.remove(resident);
        freed(resident.content().bytes());
    }

    private synchronized void freed(long count) {
        bytes -= count;
    }

    /**
     * Pins an adapter, which exempts it from eviction, or unpins it.
     *
     * @throws InputException if no adapter has that name
     */
    public synchronized void pin(String name, boolean pinned) {
        entry(name).pinned = pinned;
    }

    /**
     * Removes a name and waits until the last request that uses its adapter has ended and the
     * memory is freed.
     *
     * @throws InputException if no adapter has that name
     */
    public void unload(String name) throws InterruptedException {
        Optional<ResidentAdapter> resident;
        try {
            resident = reading.call(() -> remove(name)); // not while it is being read again
        } catch (CancellationException e) {
            Thread.interrupted(); // reported by the exception
            throw new InterruptedException(e.getMessage());
        }
        if (resident.isPresent()) {
            resident.get().awaitGone();
        }
    }

    private synchronized Optional<ResidentAdapter> remove(String name) {
        Entry entry = entry(name);
        entries.remove(name);
        Optional<ResidentAdapter> resident = Optional.ofNullable(entry.resident);
        drop(entry);
        return resident;
    }

    /** Returns the registered adapters, least recently used first. */
    public synchronized List<AdapterInfo> list() {
        List<AdapterInfo> list = new ArrayList<>();
        entries.forEach((name, entry) -> list.add(entry.info(name)));
        return list;
    }

    /**
     * Returns the bytes of host memory that adapters take, including replaced and unloaded adapters
     * that are not freed yet.
     */
    public synchronized long residentBytes() {
        return bytes;
    }

    /** Removes every name. Adapters that are still held are freed on their last release. */
    @Override
    public synchronized void close() {
        closed = true;
        entries.values().forEach(this::drop);
        entries.clear();
    }
}
