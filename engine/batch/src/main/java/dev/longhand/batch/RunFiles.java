package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.file.OpenResources;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The files of a run: the output, which grows in the order of the problems, and beside it:
 *
 * <ul>
 *   <li>{@code .run.json}, the {@link RunManifest}; kept,
 *   <li>{@code .timings.jsonl}, the time of each answer, the only content that differs between two
 *       runs; kept,
 *   <li>{@code .sums}, the {@link OutputSums} that reveal damage of the output; kept,
 *   <li>{@code .journal}, answers that finished out of order; deleted on completion,
 *   <li>{@code .lock}, the {@link LockFile} that keeps other runs away; kept, always empty.
 * </ul>
 *
 * <p>An answer is first appended to the journal and forced to the disk. When all answers before it
 * are present, it is moved to the output, the sums and the timings, and these are forced before the
 * journal is cleared. So each stored answer is complete in the journal or in the output at any
 * moment, even if the process or the machine dies. Opening the files checks every line. It cuts the
 * output at the first line that is incomplete or damaged, keeps all later whole lines in the
 * journal, and leaves the answers of damaged lines to be generated again.
 *
 * <p>One thread uses an instance.
 */
final class RunFiles implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    /** The number of output characters that one move buffers. */
    private static final int MOVE_CHARACTERS = 8 << 20;

    /** The number of answers after damage that one append to the journal takes. */
    private static final int KEPT_AT_ONCE = 64;

    private final OpenResources resources;
    private final AnswerOrder order;
    private final AppendFile out;
    private final OutputSums sums;
    private final AppendFile timings;
    private final Journal journal;
    private final BitSet timed = new BitSet();
    private final List<String> damage = new ArrayList<>();
    private int done;

    /**
     * An answer.
     *
     * @param index the line index in the output, from 0
     * @param line the line of the output
     * @param timing the line of the timings
     */
    record Stored(int index, String line, String timing) {}

    private RunFiles(Path path, AnswerOrder order, OpenResources resources) throws IOException {
        this.resources = resources;
        this.order = order;
        long outputBytes = Files.exists(path) ? Files.size(path) : 0;
        sums = resources.add(OutputSums.open(beside(path, ".sums"), outputBytes));
        out = resources.add(AppendFile.open(path));
        timings = resources.add(AppendFile.open(beside(path, ".timings.jsonl")));
        journal = resources.add(Journal.open(beside(path, ".journal")));
        DurableFiles.forceEntry(path);
        restoreTimings();
        int damaged = journal.restore(order);
        note(damaged, "the journal", "what only they held is generated again");
        restoreOutput();
        move();
    }

    static Path beside(Path out, String ending) {
        return out.resolveSibling(out.getFileName() + ending);
    }

    /**
     * Creates the files of a run, or resumes them.
     *
     * @throws InputException if they belong to another run, or another process writes them
     */
    @SuppressWarnings("MustBeClosedChecker") // the files close it
    static RunFiles open(Path path, RunManifest manifest, AnswerOrder order) {
        OpenResources resources = new OpenResources();
        try {
            resources.add(LockFile.of(path));
            manifest.claim(path, List.of(beside(path, ".journal"), beside(path, ".timings.jsonl")));
            return new RunFiles(path, order, resources);
        } catch (IOException e) {
            resources.close();
            throw JsonlReader.unreadable(path, e);
        } catch (RuntimeException | Error e) {
            resources.close();
            throw e;
        }
    }

    private void note(int damaged, String file, String consequence) {
        if (damaged > 0) {
            damage.add(
                    "%d damaged %s in %s; %s"
                            .formatted(
                                    damaged, damaged == 1 ? "line" : "lines", file, consequence));
        }
    }

    /** Notes which answers have a timing, and removes damaged lines. */
    private void restoreTimings() {
        StringBuilder whole = new StringBuilder();
        int[] damaged = {0};
        timings.read(
                (number, start, line) -> {
                    JsonNode timing = RunPlan.parse(line);
                    int index = timing == null ? -1 : order.index(timing);
                    if (index < 0 || timed.get(index)) {
                        damaged[0]++;
                        return;
                    }
                    timed.set(index);
                    whole.append(new String(line, StandardCharsets.UTF_8)).append('\n');
                });
        timings.cut(timings.size());
        if (damaged[0] > 0) {
            timings.cut(0);
            timings.append(whole.toString());
            note(damaged[0], "the timings", "they are removed");
        }
    }

    /** Cuts the output at the first damaged or incomplete line; later lines go to the journal. */
    private void restoreOutput() {
        OutputCheck check = new OutputCheck();
        out.read(check);
        check.flush();
        out.cut(check.wholeBytes);
        sums.cut(done);
        note(
                check.damaged,
                "the output",
                "%d later answers are kept, what the journal lacks is generated again"
                        .formatted(check.kept));
    }

    /** Takes over the lines of the output one by one. */
    private final class OutputCheck implements AppendFile.LineConsumer {
        private final List<JournalEntry> later = new ArrayList<>();
        private long wholeBytes;
        private boolean broken;
        private int damaged;
        private int kept;

        @Override
        public void line(long number, long start, byte[] line) {
            if (!broken && sums.matches(done, line)) {
                requireAnswer(number, RunPlan.parse(line));
                done++;
                wholeBytes = start + line.length + 1;
                return;
            }
            JsonNode answer = RunPlan.parse(line);
            if (!broken && !sums.has(done) && answer != null) {
                requireAnswer(number, answer);
            }
            broken = true;
            int index = answer == null ? -1 : order.index(answer);
            if (index >= 0 && sums.matches(index, line)) {
                keep(index, new String(line, StandardCharsets.UTF_8));
            } else if (sums.has(done)) {
                damaged++;
            }
        }

        /** Refuses a whole line that this run did not write. */
        private void requireAnswer(long number, @Nullable JsonNode answer) {
            if (answer == null || !order.isAnswer(done, answer)) {
                throw new InputException(
                        "line %d of the output is not what this run writes there"
                                .formatted(number));
            }
        }

        private void keep(int index, String line) {
            kept++;
            if (!journal.has(index)) {
                String timing = JSON.writeValueAsString(order.name(index));
                later.add(new JournalEntry(index, line, timing));
            }
            if (later.size() == KEPT_AT_ONCE) {
                flush();
            }
        }

        void flush() {
            journal.append(later);
            later.clear();
        }
    }

    /** What was found damaged when the files were opened, one line for each file; often empty. */
    List<String> damage() {
        return List.copyOf(damage);
    }

    /** The number of answers in the output and in the journal. */
    int stored() {
        return done + journal.size();
    }

    /** Whether an answer is stored. */
    boolean has(int index) {
        return index < done || journal.has(index);
    }

    /** Stores answers; they are on the disk when this returns. */
    void store(List<Stored> answers) {
        journal.append(
                answers.stream()
                        .map(each -> new JournalEntry(each.index, each.line, each.timing))
                        .toList());
        move();
    }

    /** Moves all answers whose predecessors are complete from the journal to the output. */
    private void move() {
        Moved moved = new Moved();
        int before = done;
        for (int index : journal.indexes()) {
            if (index < done) { // the process died between writing its line and its timing
                if (!timed.get(index)) {
                    moved.times.append(journal.entry(index).timing()).append('\n');
                }
                journal.forget(index);
            }
        }
        while (journal.has(done)) {
            JournalEntry entry = journal.entry(done);
            moved.lines.append(entry.line()).append('\n');
            OutputSums.add(moved.sums, entry.line());
            if (!timed.get(done)) {
                moved.times.append(entry.timing()).append('\n');
            }
            journal.forget(done++);
            if (moved.lines.length() > MOVE_CHARACTERS) {
                moved.write();
            }
        }
        moved.write();
        if (done > before) {
            out.force();
            sums.force();
            timings.force();
        }
        journal.clearIfEmpty();
    }

    /** Lines on their way from the journal. */
    private final class Moved {
        private final StringBuilder lines = new StringBuilder();
        private final StringBuilder sums = new StringBuilder();
        private final StringBuilder times = new StringBuilder();

        void write() {
            out.append(lines.toString());
            RunFiles.this.sums.append(sums.toString());
            timings.append(times.toString());
            lines.setLength(0);
            sums.setLength(0);
            times.setLength(0);
        }
    }

    /** Deletes the journal of a complete run. */
    void complete() {
        journal.delete();
    }

    @Override
    public void close() {
        resources.close();
    }
}
