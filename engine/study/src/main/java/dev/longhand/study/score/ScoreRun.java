package dev.longhand.study.score;

import dev.longhand.batch.AppendFile;
import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.file.OpenResources;
import dev.longhand.engine.file.Sha256;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.format.AnswerType;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;
import dev.longhand.study.format.Summary;
import dev.longhand.study.keywords.ReflectionKeywords;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/**
 * Scores a file of generations on several threads; the scores have the order of the generations. A
 * run that was killed goes on after the last whole line and writes the same bytes. The memory does
 * not grow with the number of generations but for a few bytes of statistics each.
 */
public final class ScoreRun {
    private static final int WAITING_PER_THREAD = 8;
    private static final int BUFFER_CHARACTERS = 1 << 16;

    private final Map<String, Reference> references = new HashMap<>();
    private final AnswerScorer scorer;
    private final String settings;
    private final int threads;
    private final Tally all = new Tally();
    private final Map<String, Tally> tallies = new TreeMap<>();
    private final StringBuilder lines = new StringBuilder();

    /**
     * Reads the problems.
     *
     * @throws InputException if a line is invalid
     */
    public ScoreRun(Path problems, AnswerMode mode, int threads) {
        for (BenchmarkProblem problem : JsonLines.readAll(problems, BenchmarkProblem::of)) {
            Reference before = references.put(problem.idText(), Reference.of(problem, mode));
            if (before != null) {
                throw new InputException(
                        "%s: the id %s occurs twice".formatted(problems, problem.idText()));
            }
        }
        boolean programs =
                references.values().stream()
                        .anyMatch(each -> each.problem().answerType() == AnswerType.CODE);
        scorer = new AnswerScorer(mode, programs);
        this.threads = threads;
        try {
            String content = Files.readString(problems, StandardCharsets.ISO_8859_1);
            settings = Sha256.hex(mode + Sha256.hex(content));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes the scores that are missing in a file, and beside it, with the ending {@code
     * .summary.json}, the summaries.
     *
     * @param progress receives the bytes read of the generations
     * @return the summary of the run, then those of the benchmarks, if there is more than one
     * @throws InputException if a line is invalid, or the file holds other scores
     */
    @SuppressWarnings("MustBeClosedChecker") // the resources close it
    public List<Summary> run(Path generations, Path out, LongConsumer progress)
            throws InterruptedException {
        try (OpenResources resources = new OpenResources()) {
            resources.add(LockFile.of(out));
            AppendFile file = resources.add(AppendFile.open(out));
            long[] stored = {0};
            file.read((number, start, line) -> stored[0]++);
            file.cut(file.size());
            claim(out, stored[0] > 0);
            JsonLines<JsonLine> lines = resources.add(JsonLines.open(generations, each -> each));
            JsonLines<Score> before = resources.add(JsonLines.open(out, Score::of));
            ExecutorService workers = Executors.newFixedThreadPool(threads);
            try {
                score(lines, before, stored[0], file, workers, progress);
            } finally {
                workers.shutdownNow();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<Summary> summaries = summaries();
        write(out, summaries);
        return summaries;
    }

    /** Notes the settings beside the scores, or refuses scores that others made. */
    private void claim(Path out, boolean exists) throws IOException {
        Path note = out.resolveSibling(out.getFileName() + ".settings");
        if (!exists) {
            Files.writeString(note, settings + "\n");
        } else if (!Files.exists(note) || !Files.readString(note).strip().equals(settings)) {
            throw new InputException(
                    out + ": holds scores of other problems or options; choose another file");
        }
    }

    private void score(
            JsonLines<JsonLine> generations,
            JsonLines<Score> before,
            long stored,
            AppendFile file,
            ExecutorService workers,
            LongConsumer progress)
            throws InterruptedException {
        Queue<Future<Scored>> waiting = new ArrayDeque<>();
        long index = 0;
        long fresh = stored;
        for (byte[] line = generations.nextBytes(); line != null; line = generations.nextBytes()) {
            byte[] bytes = line;
            String source = generations.source();
            Score known = index < stored ? before.next() : null;
            index++;
            waiting.add(workers.submit(() -> scored(source, bytes, known)));
            if (waiting.size() >= WAITING_PER_THREAD * threads) {
                fresh = take(waiting, fresh, file);
                progress.accept(generations.storedBytes());
            }
        }
        while (!waiting.isEmpty()) {
            fresh = take(waiting, fresh, file);
        }
        if (index < stored) {
            throw new InputException("the scores are more than the generations");
        }
        flush(file);
        file.force();
    }

    /** Takes the oldest result; returns how many stored scores are still to come. */
    private long take(Queue<Future<Scored>> waiting, long stored, AppendFile file)
            throws InterruptedException {
        Scored scored;
        try {
            scored = waiting.remove().get();
        } catch (ExecutionException e) {
            flush(file);
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e.getCause());
        }
        all.add(scored);
        tallies.computeIfAbsent(scored.benchmark(), name -> new Tally()).add(scored);
        if (stored > 0) {
            return stored - 1;
        }
        lines.append(scored.score().json()).append('\n');
        if (lines.length() >= BUFFER_CHARACTERS) {
            flush(file);
        }
        return 0;
    }

    private void flush(AppendFile file) {
        file.append(lines.toString());
        lines.setLength(0);
    }

    private Scored scored(String source, byte[] line, @Nullable Score known) {
        Generation generation = Generation.of(JsonLine.parse(source, line));
        Reference reference = references.get(generation.idText());
        if (reference == null) {
            throw new InputException(
                    "%s: id %s is that of no problem".formatted(source, generation.idText()));
        }
        if (known != null
                && !(known.idText().equals(generation.idText())
                        && known.sample() == generation.sample())) {
            throw new InputException(source + ": the stored score is that of another generation");
        }
        Integer tokens = generation.outputTokens();
        if (tokens != null && generation.finish().equals("eos")) {
            tokens = Math.max(0, tokens - 1);
        }
        return new Scored(
                known == null ? scorer.score(generation, reference) : known,
                reference.problem().benchmark(),
                generation.finish(),
                tokens,
                ReflectionKeywords.count(generation.text()));
    }

    private List<Summary> summaries() {
        List<Summary> summaries = new ArrayList<>();
        if (tallies.size() == 1) {
            tallies.forEach((name, tally) -> summaries.add(tally.summary(name, settings)));
        } else {
            summaries.add(all.summary("", settings));
            tallies.forEach((name, tally) -> summaries.add(tally.summary(name, settings)));
        }
        return summaries;
    }

    private static void write(Path out, List<Summary> summaries) {
        StringBuilder json = new StringBuilder();
        for (Summary summary : summaries) {
            json.append(JsonLine.format(summary.json())).append('\n');
        }
        try {
            Files.writeString(out.resolveSibling(out.getFileName() + ".summary.json"), json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
