package dev.longhand.study.pipeline;

import dev.longhand.batch.FileHash;
import dev.longhand.batch.JsonLine;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.file.Sha256;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.List;
import java.util.stream.Stream;

/**
 * SHA-256 hashes of files and folders, remembered in a file for as long as size, time and identity
 * of a file stay the same: a second look at a large model costs nothing.
 */
final class ContentHashes {
    private final Path memory;
    private final ObjectNode known;

    /** Opens the memory; one that is missing or damaged is begun anew. */
    ContentHashes(Path memory) {
        this.memory = memory;
        ObjectNode read = JsonLine.newObject();
        try {
            read = JsonLine.parse(memory.toString(), Files.readAllBytes(memory)).object();
        } catch (IOException | RuntimeException e) {
            // everything is hashed again
        }
        known = read;
    }

    /**
     * Returns the hash of a file, or of the names and contents of all files in a folder, except
     * lock files.
     */
    synchronized String of(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return file(path);
        }
        MessageDigest digest = Sha256.digest();
        for (Path file : files(path)) {
            String line = file(file) + "  " + path.relativize(file) + "\n";
            digest.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return Sha256.hex(digest);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().endsWith(LockFile.ENDING))
                    .sorted()
                    .toList();
        }
    }

    private String file(Path file) throws IOException {
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        String stamp = now.size() + " " + now.lastModifiedTime() + " " + now.fileKey();
        String name = file.toAbsolutePath().normalize().toString();
        if (known.path(name).path("stamp").asString("").equals(stamp)) {
            return known.path(name).path("sha256").asString();
        }
        String hash = FileHash.of(file);
        known.putObject(name).put("stamp", stamp).put("sha256", hash);
        return hash;
    }

    /** Writes the memory. */
    synchronized void save() throws IOException {
        DurableFiles.replace(memory, known.toPrettyString());
    }
}
