package dev.longhand.engine.lora;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.status.AdapterInfo;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The adapters that requests may name. Those used last stay in host memory up to a limit; the
 * others are read again from their folders. Any thread may call; reading never keeps the device
 * thread waiting.
 */
public final class AdapterRegistry implements AutoCloseable {
    /** The most names. */
    public static final int NAMES_MAX = 10_000;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}");

    private final AdapterReader reader;
    private final long bytesMax;
    private final Executor device;
    private final ReentrantLock reading = new ReentrantLock();
    private final Map<String, Entry> entries =
            new LinkedHashMap<>(16, 0.75f, true); // used last: last
    private final Set<ResidentAdapter> leaving = new HashSet<>(); // let go, not yet freed
    private long bytes;

    /** What a name leads to. */
    private static final class Entry {
        private final Path folder;
        private final float factor;
        private final String identity;
        private final int rankMax;
        private final long bytes;
        private boolean pinned;
        private @Nullable ResidentAdapter resident;

        Entry(Path folder, float factor, ResidentAdapter resident) {
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
     * An empty registry.
     *
     * @param bytesMax host memory of all adapters together
     * @param device runs tasks on the device thread, between its steps
     */
    public AdapterRegistry(AdapterReader reader, long bytesMax, Executor device) {
        this.reader = reader;
        this.bytesMax = bytesMax;
        this.device = device;
    }

    /**
     * Reads a folder under a name. If the name is taken, requests from now on get the new content;
     * those under way keep the old, whose memory is given back when the last of them ends.
     *
     * @param factor multiplies the scale that the folder asks for; finite
     * @throws InputException if the adapter cannot be used, or there is no memory for it; what the
     *     name led to before stays
     */
    public AdapterInfo load(String name, Path folder, float factor) {
        if (!NAME.matcher(name).matches()) {
            throw new InputException(
                    "the adapter name %s: letters, digits and . _ : @ - , at most 128"
                            .formatted(ErrorText.quote(name)));
        }
        if (!Float.isFinite(factor)) {
            throw new InputException("the scale of an adapter is finite, not " + factor);
        }
        reading.lock();
        try {
            Entry entry = new Entry(folder, factor, read(folder, factor));
            return replace(name, entry);
        } finally {
            reading.unlock();
        }
    }

    private synchronized AdapterInfo replace(String name, Entry entry) {
        Entry before = entries.put(name, entry);
        if (entries.size() > NAMES_MAX) {
            entries.remove(name);
            drop(entry);
            throw new InputException("at most " + NAMES_MAX + " adapters");
        }
        if (before != null) {
            entry.pinned = before.pinned;
            drop(before);
        }
        return entry.info(name);
    }

    /**
     * The adapter of a name, held for the caller.
     *
     * @throws InputException if there is none of that name, or it has to be read again and cannot
     */
    public ResidentAdapter acquire(String name) {
        ResidentAdapter resident = hold(name);
        if (resident != null) {
            return resident;
        }
        reading.lock();
        try {
            resident = hold(name);
            return resident != null ? resident : readAgain(name, entry(name));
        } finally {
            reading.unlock();
        }
    }

    /** Holds an adapter once more for somebody who holds it. */
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
        ResidentAdapter resident = entry(name).resident;
        if (resident != null) {
            resident.hold();
        }
        return resident;
    }

    private ResidentAdapter readAgain(String name, Entry entry) {
        ResidentAdapter resident = read(entry.folder, entry.factor);
        if (!resident.content().identity().equals(entry.identity)) {
            release(resident);
            throw new InputException(
                    "%s has changed since adapter %s was loaded; load it again"
                            .formatted(entry.folder, ErrorText.quote(name)));
        }
        synchronized (this) {
            if (entries.containsValue(entry)) {
                entry.resident = resident;
                resident.hold();
            }
            return resident;
        }
    }

    /** Reads a folder after making room for it; held once. */
    private ResidentAdapter read(Path folder, float factor) {
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

    private void makeRoom(Path folder, long wanted) {
        try {
            for (ResidentAdapter each : evict(folder, wanted)) {
                each.awaitGone();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InputException("interrupted while making room for " + folder, e);
        }
        synchronized (this) {
            bytes += wanted; // while one reads, others only give back
        }
    }

    /**
     * Drops what was used longest ago and is idle until there is room, or nothing if all that would
     * not do; returns whose memory to wait for.
     */
    private synchronized List<ResidentAdapter> evict(Path folder, long wanted) {
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

    /** Takes the registry's hold off what a name led to. */
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
     * Keeps an adapter in memory, or no longer.
     *
     * @throws InputException if there is none of that name
     */
    public synchronized void pin(String name, boolean pinned) {
        entry(name).pinned = pinned;
    }

    /**
     * Forgets a name and waits until the last request that uses its adapter has ended and its
     * memory is given back.
     *
     * @throws InputException if there is none of that name
     */
    public void unload(String name) throws InterruptedException {
        ResidentAdapter resident;
        synchronized (this) {
            Entry entry = entry(name);
            entries.remove(name);
            resident = entry.resident;
            drop(entry);
        }
        if (resident != null) {
            resident.awaitGone();
        }
    }

    /** The loaded adapters, used longest ago first. */
    public synchronized List<AdapterInfo> list() {
        List<AdapterInfo> list = new ArrayList<>();
        entries.forEach((name, entry) -> list.add(entry.info(name)));
        return list;
    }

    /** Bytes of host memory that adapters take, those of past names included. */
    public synchronized long residentBytes() {
        return bytes;
    }

    /** Forgets every name. */
    @Override
    public synchronized void close() {
        entries.values().forEach(this::drop);
        entries.clear();
    }
}
