package dev.longhand.app.hub;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.HubCache;
import dev.longhand.engine.file.HubName;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.ShardIndex;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Fetches files of a repository into the local cache, in the layout that the Hub's own tools share.
 * A file appears when it is whole and right, and the name leads to the new files when all of them
 * are there.
 */
final class Pull {
    private static final int LISTING_BYTES_MAX = 32 << 20;
    private static final long LOCK_LOOK_MILLIS = 200;

    private final HubConnection hub;
    private final HubName name;
    private final Retries.Rule rule;
    private final LoadProgress progress;
    private final HubCache cache;
    private long done;
    private long total;
    private long fetched;

    Pull(HubConnection hub, HubName name, Retries.Rule rule, LoadProgress progress) {
        this.hub = hub;
        this.name = name;
        this.rule = rule;
        this.progress = progress;
        cache = hub.access().cache();
    }

    /**
     * What is in the cache now.
     *
     * @param folder the folder of the model or adapter
     * @param files the number of files that were asked for
     * @param bytes their size
     * @param fetchedBytes what of it was fetched now
     */
    record Result(Path folder, int files, long bytes, long fetchedBytes) {}

    /**
     * Fetches what the cache lacks.
     *
     * @param patterns the files that are wanted; empty for those that the engine reads
     * @throws InputException if the Hub or the disk refuses it
     * @throws IOException if the network or the Hub fails
     */
    Result run(List<String> patterns) throws IOException, InterruptedException {
        HubListing listing = list();
        FileSelection selection = new FileSelection(listing);
        boolean all = patterns.isEmpty();
        List<HubFile> files =
                new ArrayList<>(all ? selection.needed() : selection.matching(patterns));
        try {
            Files.createDirectories(blobs());
            Files.createDirectories(lock().getParent());
        } catch (IOException e) {
            throw BlobDownload.unwritable(cache.folder(), e);
        }
        try (LockFile _ = lockOrWait()) {
            if (all) {
                files.addAll(shards(selection, files, listing.commit()));
            }
            fetch(files, listing.commit());
            refer(listing.commit());
            return new Result(cache.snapshot(name, listing.commit()), files.size(), total, fetched);
        }
    }

    private HubListing list() throws IOException, InterruptedException {
        URI address =
                address(
                        "/api/models/%s/revision/%s?blobs=true"
                                .formatted(name.repository(), encode(name.revision())));
        String what = name.toString();
        byte[] json =
                new Retries(rule, progress::noted)
                        .run(() -> hub.read(what, address, LISTING_BYTES_MAX));
        return HubListing.parse(what, json);
    }

    /** Fetches the index, if there is one, and returns the shards that it names. */
    private List<HubFile> shards(FileSelection selection, List<HubFile> files, String commit)
            throws IOException, InterruptedException {
        Optional<HubFile> index =
                files.stream().filter(file -> file.path().equals(FileSelection.INDEX)).findAny();
        if (index.isEmpty()) {
            return List.of();
        }
        fetch(List.of(index.get()), commit);
        return selection.shards(ShardIndex.read(blob(index.get())).shards());
    }

    private void fetch(List<HubFile> files, String commit)
            throws IOException, InterruptedException {
        total = files.stream().mapToLong(HubFile::bytes).reduce(0, Math::addExact);
        done = 0;
        Map<HubFile, Long> missing = new LinkedHashMap<>(); // bytes that are there, by file
        for (HubFile file : files) {
            long there = isPresent(file) ? file.bytes() : BlobDownload.present(file, blob(file));
            done += there;
            if (!isPresent(file)) {
                missing.put(file, there);
            }
        }
        requireRoom(total - done);
        fetched += total - done;
        progress.loaded(done, total);
        for (HubFile file : missing.keySet()) {
            if (isPresent(file)) { // the content of another file, too
                count(file.bytes() - Objects.requireNonNull(missing.get(file)));
                continue;
            }
            new BlobDownload(
                            name.repository() + "/" + ErrorText.line(file.path()),
                            hub,
                            address(commit, file),
                            file,
                            blob(file),
                            this::count)
                    .run(new Retries(rule, progress::noted));
        }
        for (HubFile file : files) {
            link(file, commit);
        }
    }

    private boolean isPresent(HubFile file) throws IOException {
        Path blob = blob(file);
        return Files.isRegularFile(blob) && Files.size(blob) == file.bytes();
    }

    private void count(long bytes) {
        done += bytes;
        progress.loaded(done, total);
    }

    private void requireRoom(long bytes) throws IOException {
        long free = Files.getFileStore(blobs()).getUsableSpace();
        if (bytes > free) {
            throw new InputException(
                    "%s needs %s more, and the disk of %s has %s"
                            .formatted(name, size(bytes), ErrorText.path(blobs()), size(free)));
        }
    }

    static String size(long bytes) {
        return bytes < 10_000_000
                ? String.format(Locale.ROOT, "%,d bytes", bytes)
                : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    /** Links the file of a snapshot to its blob, as a whole. */
    private void link(HubFile file, String commit) {
        Path link = cache.snapshot(name, commit).resolve(file.path());
        Path folder = Objects.requireNonNull(link.getParent());
        Path target = folder.relativize(blob(file));
        try {
            if (Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(target)) {
                return;
            }
            Files.createDirectories(folder);
            Path fresh = link.resolveSibling(link.getFileName() + ".longhand.link");
            Files.deleteIfExists(fresh);
            Files.createSymbolicLink(fresh, target);
            Files.move(fresh, link, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | UnsupportedOperationException e) {
            throw new InputException(
                    "%s: no link can be made (%s)"
                            .formatted(
                                    ErrorText.path(link),
                                    ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    /** Lets the revision lead to the commit. */
    private void refer(String commit) {
        if (HubCache.isCommit(name.revision())) {
            return;
        }
        Path reference = cache.reference(name);
        try {
            Files.createDirectories(reference.getParent());
            DurableFiles.replace(reference, commit);
        } catch (IOException e) {
            throw BlobDownload.unwritable(cache.folder(), e);
        }
    }

    private LockFile lockOrWait() throws IOException, InterruptedException {
        boolean noted = false;
        while (true) {
            Optional<LockFile> held = LockFile.ifFree(lock());
            if (held.isPresent()) {
                return held.get();
            }
            if (!noted) {
                progress.noted(name.repository() + " is being fetched by another run; waiting");
                noted = true;
            }
            Thread.sleep(LOCK_LOOK_MILLIS);
        }
    }

    /** The lock is the file of this name with {@link LockFile#ENDING}, where other tools lock. */
    private Path lock() {
        Path repository = cache.repository(name);
        return cache.folder()
                .resolve(".locks")
                .resolve(repository.getFileName())
                .resolve("longhand");
    }

    private Path blobs() {
        return cache.repository(name).resolve("blobs");
    }

    private Path blob(HubFile file) {
        return blobs().resolve(file.hash());
    }

    private URI address(String commit, HubFile file) {
        String path =
                Arrays.stream(file.path().split("/"))
                        .map(Pull::encode)
                        .collect(Collectors.joining("/"));
        return address("/%s/resolve/%s/%s".formatted(name.repository(), commit, path));
    }

    private URI address(String path) {
        return URI.create(hub.access().endpoint() + path);
    }

    /** Encodes a part of an address, slashes too. */
    private static String encode(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
