package dev.longhand.batch;

import dev.longhand.engine.error.InputException;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The files of a run: the output, which grows in the order of the problems, and beside it:
 *
 * <ul>
 *   <li>{@code .run.json}, the {@link RunManifest}; kept,
 *   <li>{@code .timings.jsonl}, the time of each answer, the only content that differs between two
 *       runs; kept,
 *   <li>{@code .journal}, answers that finished out of order; deleted on completion.
 * </ul>
 *
 * <p>An answer is first appended to the journal and forced to the disk. When all answers before it
 * are present, it is moved to the output and the timings, and these are forced before the journal
 * is cleared. So each stored answer is complete in the journal or in the output at any moment, even
 * if the process or the machine dies. The output is always a prefix of the final output, except for
 * an incomplete last line, which is removed on resumption.
 *
 * <p>One thread uses an instance.
 */
final class RunFiles implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    /** The number of output characters that one move buffers. */
    private static final int MOVE_CHARACTERS = 8 << 20;

    private final RunPlan plan;
    private final AppendFile out;
    private final AppendFile timings;
    private final AppendFile journal;
    private final Path journalPath;
    private final BitSet timed = new BitSet();
    private final Map<Integer, JournalSpan> ahead = new HashMap<>(); // by index
    private int done;

    /** The position of an answer in the journal, in bytes. */
    private record JournalSpan(long start, int length) {}

    /**
     * An answer.
     *
     * @param index the line index in the output, from 0
     * @param line the line of the output
     * @param timing the line of the timings
     */
    record Stored(int index, String line, String timing) {}

    private RunFiles(
            RunPlan plan,
            AppendFile out,
            AppendFile timings,
            AppendFile journal,
            Path journalPath) {
        this.plan = plan;
        this.out = out;
        this.timings = timings;
        this.journal = journal;
        this.journalPath = journalPath;
    }

    static Path beside(Path out, String ending) {
        return out.resolveSibling(out.getFileName() + ending);
    }

    /**
     * Creates the files of a run, or resumes them.
     *
     * @throws InputException if they belong to another run, or another process writes them
     */
    static RunFiles open(Path path, RunManifest manifest, RunPlan plan) {
        boolean there = Files.exists(path);
        AppendFile out = AppendFile.open(path);
        List<AppendFile> opened = new ArrayList<>(List.of(out));
        try {
            out.lock();
            Path journalPath = beside(path, ".journal");
            manifest.claim(path, there, List.of(journalPath, beside(path, ".timings.jsonl")));
            AppendFile timings = AppendFile.open(beside(path, ".timings.jsonl"));
            opened.add(timings);
            AppendFile journal = AppendFile.open(journalPath);
            opened.add(journal);
            RunFiles files = new RunFiles(plan, out, timings, journal, journalPath);
            files.restore();
            return files;
        } catch (RuntimeException | Error e) {
            closeAll(opened);
            throw e;
        }
    }

    private void restore() {
        out.restore(
                (number, start, line) -> {
                    if (done == plan.total()
                            || !plan.isAnswer(done, parse("output", number, line))) {
                        throw new InputException(
                                "line %d of the output is not what this run writes there"
                                        .formatted(number));
                    }
                    done++;
                });
        timings.restore(
                (number, start, line) -> timed.set(plan.index(parse("timings", number, line))));
        journal.restore(
                (number, start, line) -> {
                    JsonNode entry = parse("journal", number, line);
                    int index = entry.required("index").asInt();
                    if (!plan.isAnswer(index, parse("journal", number, text(entry, "line")))) {
                        throw new InputException(
                                "line %d of the journal is not of this run".formatted(number));
                    }
                    ahead.put(index, new JournalSpan(start, line.length));
                });
        move();
    }

    private static byte[] text(JsonNode entry, String key) {
        return entry.required(key).asString().getBytes(StandardCharsets.UTF_8);
    }

    private static JsonNode parse(String what, long number, byte[] line) {
        try {
            return JSON.readTree(line);
        } catch (JacksonException e) {
            throw new InputException("line %d of the %s is damaged".formatted(number, what), e);
        }
    }

    /** The number of answers in the output and in the journal. */
    int stored() {
        return done + ahead.size();
    }

    /** Whether an answer is stored. */
    boolean has(int index) {
        return index < done || ahead.containsKey(index);
    }

    /** Stores answers; they are on the disk when this returns. */
    void store(List<Stored> answers) {
        StringBuilder lines = new StringBuilder();
        long start = journal.size();
        Map<Integer, JournalSpan> spans = new HashMap<>();
        for (Stored answer : answers) {
            String entry =
                    JSON.writeValueAsString(
                            JSON.createObjectNode()
                                    .put("index", answer.index)
                                    .put("line", answer.line)
                                    .put("timing", answer.timing));
            int length = entry.getBytes(StandardCharsets.UTF_8).length;
            spans.put(answer.index, new JournalSpan(start, length));
            start += length + 1;
            lines.append(entry).append('\n');
        }
        journal.append(lines.toString());
        journal.force();
        ahead.putAll(spans);
        move();
    }

    /** Moves all answers whose predecessors are complete from the journal to the output. */
    private void move() {
        StringBuilder lines = new StringBuilder();
        StringBuilder times = new StringBuilder();
        int before = done;
        ahead.keySet().removeIf(index -> index < done && timed.get(index));
        for (int index : ahead.keySet().stream().filter(index -> index < done).toList()) {
            times.append(entry(index).required("timing").asString()).append('\n');
            ahead.remove(index); // the process died between writing its line and its timing
        }
        while (ahead.containsKey(done)) {
            JsonNode entry = entry(done);
            lines.append(entry.required("line").asString()).append('\n');
            if (!timed.get(done)) {
                times.append(entry.required("timing").asString()).append('\n');
            }
            ahead.remove(done++);
            if (lines.length() > MOVE_CHARACTERS) {
                write(lines, times);
            }
        }
        write(lines, times);
        if (done > before) {
            out.force();
            timings.force();
        }
        if (ahead.isEmpty() && journal.size() > 0) {
            journal.clear();
        }
    }

    private void write(StringBuilder lines, StringBuilder times) {
        out.append(lines.toString());
        timings.append(times.toString());
        lines.setLength(0);
        times.setLength(0);
    }

    private JsonNode entry(int index) {
        JournalSpan span = Objects.requireNonNull(ahead.get(index));
        return JSON.readTree(journal.line(span.start, span.length));
    }

    /** Deletes the journal of a complete run. */
    void complete() {
        try {
            Files.deleteIfExists(journalPath);
        } catch (IOException e) {
            throw new UncheckedIOException(journalPath + ": cannot be deleted", e);
        }
    }

    @Override
    public void close() {
        closeAll(List.of(journal, timings, out));
    }

    private static void closeAll(List<AppendFile> files) {
        for (AppendFile file : files) {
            try {
                file.close();
            } catch (IOException e) {
                System.getLogger(RunFiles.class.getName())
                        .log(System.Logger.Level.WARNING, "closing a file of a run", e);
            }
        }
    }
}
