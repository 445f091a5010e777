package dev.longhand.engine.lora;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.FileChangedException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.SafetensorsFile;
import dev.longhand.engine.weights.WeightCache;
import dev.longhand.kernels.tensor.HostTensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A merge of an adapter into a model, written as a Hugging Face folder that other tools can load.
 * Shards, index, configuration and tokenizer files are those of the base; the changed matrices are
 * rounded once from F32.
 *
 * <p>The result appears atomically: files are written to a sibling folder whose name ends in {@code
 * .partial}, {@code config.json} last, and the folder is renamed once everything is on disk. After
 * an interruption (a kill, a full disk) the same call resumes and keeps the complete shards.
 */
public final class MergedCheckpoint {
    private static final String STATE = "merge.state";
    private static final String CONFIG = "config.json";

    /**
     * Extensions of files that would still hold the base's weights and are therefore not copied.
     */
    private static final Set<String> OTHER_WEIGHTS =
            Set.of(
                    "safetensors",
                    "bin",
                    "pt",
                    "pth",
                    "gguf",
                    "h5",
                    "msgpack",
                    "onnx",
                    "ot",
                    "weights"); // our WeightCache

    private static final long WRITE_BYTES = 64L << 20;

    private final Checkpoint base;
    private final List<SafetensorsFile> shards;
    private final Adapter adapter;
    private final Path out;
    private final Path partial;
    private final LoadProgress progress;
    private final Map<String, Adapter.Change> changes = new HashMap<>();
    private long doneBytes;

    /**
     * Prepares a merge without writing anything.
     *
     * @param out a folder that does not exist yet or is empty
     * @param progress receives the number of bytes written
     * @throws InputException if the base is quantised or a GGUF model
     */
    public MergedCheckpoint(
            Checkpoint base, ModelConfig model, Adapter adapter, Path out, LoadProgress progress) {
        if (model.quantization() != null) {
            throw new InputException(
                    "%s: is quantised (%s), and a merged adapter would be rounded with it; merge into"
                                    .formatted(base.path(), model.quantization().description())
                            + " the model it was made from, or apply the adapter unmerged");
        }
        this.base = base;
        shards = base.shards();
        this.adapter = adapter;
        this.out = out.toAbsolutePath().normalize();
        this.progress = progress;
        partial = this.out.resolveSibling(this.out.getFileName() + ".partial");
        for (Adapter.Change change : adapter.changes()) {
            changes.put(change.module().weight(), change);
        }
    }

    /**
     * Writes the folder, resuming an interrupted merge of the same inputs. A lock file beside the
     * folder keeps other merges away meanwhile.
     *
     * @param threads threads for the arithmetic; 0 means one per processor
     * @throws InputException if {@code out} already has content or another run writes it
     * @throws FileChangedException if a file of the base was changed meanwhile
     * @throws UncheckedIOException if it cannot be written; the message says how to resume
     */
    public void write(int threads) {
        try {
            Path parent = out.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            try (LockFile _ = LockFile.of(out);
                    WeightMerger merger = new WeightMerger(threads)) {
                if (!isComplete()) {
                    refuseToOverwrite();
                    writePartial(merger);
                    Files.deleteIfExists(out);
                    Files.move(partial, out, StandardCopyOption.ATOMIC_MOVE);
                }
                Files.delete(out.resolve(STATE)); // kept until now so that a merge can resume
                DurableFiles.force(out);
                DurableFiles.forceEntry(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    ("%s: cannot be written (%s); %d of %d bytes of weights are done: the same"
                                    + " command goes on from there")
                            .formatted(
                                    partial,
                                    ErrorText.line(String.valueOf(e.getMessage())),
                                    doneBytes,
                                    totalBytes()),
                    e);
        }
    }

    /** Returns whether a merge of the same inputs was killed just after its folder was renamed. */
    private boolean isComplete() throws IOException {
        Path state = out.resolve(STATE);
        return Files.exists(state) && Files.readString(state).equals(state());
    }

    private void writePartial(WeightMerger merger) throws IOException {
        begin();
        for (SafetensorsFile shard : shards) {
            write(shard, merger);
        }
        copyOtherFiles();
        DurableFiles.force(partial);
    }

    private long totalBytes() {
        return shards.stream().mapToLong(shard -> shard.whole().byteSize()).sum();
    }

    private void refuseToOverwrite() throws IOException {
        if (Files.isDirectory(out)) {
            try (Stream<Path> content = Files.list(out)) {
                if (content.findAny().isPresent()) {
                    throw new InputException(out + ": is not empty");
                }
            }
        } else if (Files.exists(out)) {
            throw new InputException(out + ": is a file");
        }
    }

    /**
     * Creates the partial folder, or keeps the one from an interrupted merge of the same inputs.
     */
    private void begin() throws IOException {
        Path state = partial.resolve(STATE);
        String wanted = state();
        if (Files.isDirectory(partial)) {
            if (Files.exists(state) && Files.readString(state).equals(wanted)) {
                return;
            }
            if (!Files.exists(state)) {
                try (Stream<Path> content = Files.list(partial)) {
                    if (content.findAny().isPresent()) {
                        throw new InputException(
                                partial + ": is not the beginning of a merge; remove it first");
                    }
                }
            } else {
                deleteContent();
            }
        }
        Files.createDirectories(partial);
        Path temporary = partial.resolve(STATE + ".new");
        Files.writeString(temporary, wanted);
        Files.move(temporary, state, StandardCopyOption.ATOMIC_MOVE);
    }

    private void deleteContent() throws IOException {
        List<Path> files;
        try (Stream<Path> content = Files.list(partial)) {
            files = content.sorted().toList();
        }
        for (Path file : files) {
            if (!file.endsWith(STATE)) {
                Files.delete(file);
            }
        }
        Files.delete(partial.resolve(STATE));
    }

    /**
     * Describes the inputs of the merge: shards by path, size and modification time, the adapter by
     * its content.
     */
    private String state() throws IOException {
        StringBuilder state = new StringBuilder("adapter " + adapter.identity() + "\n");
        for (SafetensorsFile shard : shards) {
            state.append(
                    "%s %d %s%n"
                            .formatted(
                                    shard.path().toAbsolutePath().normalize(),
                                    shard.whole().byteSize(),
                                    Files.getLastModifiedTime(shard.path())));
        }
        return state.toString();
    }

    private void write(SafetensorsFile shard, WeightMerger merger) throws IOException {
        String name = shard.path().getFileName().toString();
        Path done = partial.resolve(name);
        if (!Files.exists(done)) {
            Path temporary = partial.resolve(name + ".new");
            long before = doneBytes;
            try (FileChannel channel =
                    FileChannel.open(
                            temporary,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)) {
                write(channel, shard.whole().asSlice(0, shard.dataOffset()), 0);
                for (String tensor : shard.names()) {
                    write(channel, shard, tensor, merger);
                }
                channel.force(true);
                shard.requireUnchanged();
            } catch (IOException | RuntimeException e) {
                doneBytes = before;
                throw e;
            }
            Files.move(temporary, done, StandardCopyOption.ATOMIC_MOVE);
            doneBytes = before;
        }
        doneBytes += shard.whole().byteSize();
        progress.loaded(doneBytes, totalBytes());
    }

    private void write(FileChannel channel, SafetensorsFile shard, String name, WeightMerger merger)
            throws IOException {
        MemorySegment slice = shard.slice(name);
        long position = slice.address() - shard.whole().address();
        Adapter.Change change = changes.get(name);
        if (change == null) {
            write(channel, slice, position);
            return;
        }
        HostTensor weights = base.tensor(name, change.module().shape());
        try (Arena arena = Arena.ofShared()) {
            HostTensor merged = HostTensor.allocate(arena, weights.dtype(), weights.shape());
            merger.merge(name, weights, change.matrix(), merged);
            write(channel, merged.data(), position);
        }
    }

    private void write(FileChannel channel, MemorySegment bytes, long position) throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += WRITE_BYTES) {
            long count = Math.min(WRITE_BYTES, bytes.byteSize() - done);
            ByteBuffer buffer = bytes.asSlice(done, count).asByteBuffer();
            while (buffer.hasRemaining()) {
                channel.write(buffer, position + done + buffer.position());
            }
            doneBytes += count;
            progress.loaded(doneBytes, totalBytes());
        }
    }

    /**
     * Copies every file except weights. The configuration comes last, because no tool loads a
     * folder without it.
     */
    private void copyOtherFiles() throws IOException {
        List<Path> files;
        try (Stream<Path> content = Files.list(base.path())) {
            files = content.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            if (!OTHER_WEIGHTS.contains(extension) && !name.equals(CONFIG) && !isOurs(name)) {
                copy(file);
            }
        }
        copy(base.path().resolve(CONFIG));
    }

    /** Returns whether a file of the base's folder is no part of the checkpoint. */
    private static boolean isOurs(String name) {
        return name.equals(STATE) || name.endsWith(WeightCache.ENDING + LockFile.ENDING);
    }

    private void copy(Path file) throws IOException {
        Path to = partial.resolve(file.getFileName());
        Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
        DurableFiles.force(to);
    }
}
