package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.gguf.GgufModel;
import dev.longhand.engine.status.LoadProgress;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** SHA-256 hashes of files that identify the inputs of a run, in hexadecimal. */
public final class FileHash {
    private static final int BUFFER_BYTES = 1 << 20;

    private FileHash() {}

    /**
     * Hashes a file.
     *
     * @throws InputException if it cannot be read
     */
    public static String of(Path file) {
        return of(file, bytes -> {});
    }

    /**
     * Hashes a file.
     *
     * @param read receives the number of bytes of each part read, on the calling thread
     */
    static String of(Path file, LongConsumer read) {
        MessageDigest digest = Sha256.digest();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
                read.accept(count);
            }
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
        return Sha256.hex(digest);
    }

    /**
     * Hashes a model: the output of {@code sha256sum} for the files that the engine reads, sorted
     * by name. Files are read in parallel.
     *
     * @param progress receives the bytes read so far and in total
     * @throws InputException if a file cannot be read
     */
    static String ofModel(Path folder, LoadProgress progress) {
        List<Path> files = modelFiles(folder);
        long total = files.stream().mapToLong(file -> file.toFile().length()).sum();
        AtomicLong done = new AtomicLong();
        LongConsumer read = count -> progress.loaded(done.addAndGet(count), total);
        return Sha256.hex(
                files.parallelStream()
                        .map(file -> of(file, read) + "  " + file.getFileName() + "\n")
                        .collect(Collectors.joining()));
    }

    private static List<Path> modelFiles(Path folder) {
        Optional<Path> gguf = GgufModel.file(folder);
        if (gguf.isPresent()) {
            return GgufModel.paths(gguf.get());
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> isOfModel(file.getFileName().toString()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw JsonlReader.unreadable(folder, e);
        }
    }

    private static boolean isOfModel(String name) {
        return name.endsWith(".safetensors")
                || List.of(
                                "config.json",
                                "generation_config.json",
                                "model.safetensors.index.json",
                                "tokenizer.json",
                                "tokenizer_config.json",
                                "chat_template.jinja")
                        .contains(name);
    }
}
