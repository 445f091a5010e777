package dev.longhand.batch;

import dev.longhand.engine.error.InputException;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The answers that wait for earlier ones, in a file. Only their positions are in memory. Each line
 * carries its own checksum, so a damaged line costs one answer and none of the others.
 */
final class Journal implements Closeable {
    private final Path path;
    private final AppendFile file;
    private final Map<Integer, Span> spans = new HashMap<>(); // by index

    /** The position of an answer in the file, in bytes. */
    private record Span(long start, int length) {}

    private Journal(Path path) {
        this.path = path;
        file = AppendFile.open(path);
    }

    /** Opens a journal; creates it if absent. */
    static Journal open(Path path) {
        return new Journal(path);
    }

    /**
     * Takes over the answers that the file holds. Call it once, before any other method.
     *
     * @return the number of damaged lines, which are left out
     * @throws InputException if an answer is not of this run
     */
    int restore(AnswerOrder order) {
        int[] damaged = {0};
        file.read(
                (number, start, line) -> {
                    JournalEntry entry = JournalEntry.parse(line);
                    if (entry == null) {
                        damaged[0]++;
                        return;
                    }
                    if (!order.isAnswer(entry.index(), entry.line())) {
                        throw new InputException(
                                "line %d of the journal is not of this run".formatted(number));
                    }
                    spans.put(entry.index(), new Span(start, line.length));
                });
        file.cut(file.size());
        return damaged[0];
    }

    boolean has(int index) {
        return spans.containsKey(index);
    }

    /** The indexes of all answers. */
    Set<Integer> indexes() {
        return Set.copyOf(spans.keySet());
    }

    int size() {
        return spans.size();
    }

    /** Appends answers; they are on the disk when this returns. */
    void append(List<JournalEntry> entries) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        long start = file.size();
        Map<Integer, Span> added = new HashMap<>();
        for (JournalEntry entry : entries) {
            byte[] line = entry.bytes();
            added.put(entry.index(), new Span(start + lines.size(), line.length));
            lines.writeBytes(line);
            lines.write('\n');
        }
        file.append(ByteBuffer.wrap(lines.toByteArray()));
        file.force();
        spans.putAll(added);
    }

    /**
     * Reads an answer.
     *
     * @throws UncheckedIOException if the disk has damaged it since it was written
     */
    JournalEntry entry(int index) {
        Span span = Objects.requireNonNull(spans.get(index));
        JournalEntry entry = JournalEntry.parse(file.line(span.start, span.length));
        if (entry == null) {
            throw new UncheckedIOException(
                    new IOException(
                            path
                                    + ": an answer in it is damaged; the same command makes that"
                                    + " answer again"));
        }
        return entry;
    }

    /** Forgets an answer, which is in the output or about to be. */
    void forget(int index) {
        spans.remove(index);
    }

    /** Empties the file if no answer waits. The output must be on the disk. */
    void clearIfEmpty() {
        if (spans.isEmpty() && file.size() > 0) {
            file.cut(0);
        }
    }

    /** Deletes the file, of a complete run. */
    void delete() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be deleted", e);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
