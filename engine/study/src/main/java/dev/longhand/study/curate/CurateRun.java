package dev.longhand.study.curate;

import dev.longhand.batch.FileHash;
import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.batch.JsonlReader;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.JsonLinesWriter;
import dev.longhand.study.format.SftSample;
import dev.longhand.study.keywords.KeywordCounter;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes training samples of generations, one by one in their order. The memory is that of the
 * problems, and of a hash and a length for each sample. The samples depend on the input files
 * alone, so an interrupted run that begins again writes the same bytes. One thread uses an
 * instance.
 */
public final class CurateRun {
    private static final Set<String> ENDED = Set.of("eos", "stop", "");

    private final CurateSettings settings;
    private final Contamination contamination;
    private final LoadProgress progress;
    private final DataCard card = new DataCard();
    private final Map<String, BenchmarkProblem> problems = new HashMap<>();
    private final Map<String, List<String>> overlaps = new HashMap<>();
    private final Map<String, Integer> samplesOf = new HashMap<>();
    private final Set<String> texts = new HashSet<>();

    /** Prepares a run. */
    public CurateRun(CurateSettings settings, Contamination contamination, LoadProgress progress) {
        this.settings = settings;
        this.contamination = contamination;
        this.progress = progress;
    }

    /**
     * Makes the samples.
     *
     * @param verdicts in the order of the generations
     * @param out replaced when all samples are written
     * @throws InputException if a line is invalid, or a generation has no problem
     */
    public DataCard run(Path problemFile, Path generations, Verdicts verdicts, Path out) {
        try (JsonLines<BenchmarkProblem> lines =
                JsonLines.open(problemFile, BenchmarkProblem::of)) {
            for (BenchmarkProblem each = lines.next(); each != null; each = lines.next()) {
                problems.put(each.idText(), each);
            }
        }
        long size = size(generations);
        try (JsonLines<Generation> lines = JsonLines.open(generations, Generation::of);
                JsonLinesWriter writer = JsonLinesWriter.create(out)) {
            for (Generation each = lines.next(); each != null; each = lines.next()) {
                progress.loaded(lines.storedBytes(), size);
                BenchmarkProblem problem = problems.get(each.idText());
                if (problem == null) {
                    throw new InputException(
                            "%s: there is no problem %s".formatted(lines.source(), each.id()));
                }
                sample(problem, each, verdicts.isCorrect(each))
                        .ifPresent(sample -> writer.write(sample.json()));
            }
            writer.commit();
        }
        card.hashed("problems", FileHash.of(problemFile));
        card.hashed("generations", FileHash.of(generations));
        card.hashed("samples", FileHash.of(out));
        return card;
    }

    /** Takes a generation through all stages; empty if one stops it. */
    private Optional<SftSample> sample(
            BenchmarkProblem problem, Generation generation, boolean correct) {
        card.reached(Stage.GENERATED);
        if (!reached(Stage.FINISHED, ENDED.contains(generation.finish()))
                || !reached(Stage.CORRECT, correct != settings.keepsWrong())) {
            return Optional.empty();
        }
        String question = problem.problem().question();
        Optional<String> laidOut =
                TraceLayout.of(generation.text(), settings.splitsUntagged())
                        .filter(text -> reached(Stage.LAID_OUT, true))
                        .filter(
                                text ->
                                        reached(
                                                Stage.UNIQUE,
                                                texts.add(Sha256.hex(question + "\0" + text))))
                        .filter(text -> reached(Stage.DECONTAMINATED, isClean(problem)));
        if (laidOut.isEmpty()) {
            return Optional.empty();
        }
        String text = laidOut.get();
        int tokens = tokens(generation);
        if (!reached(Stage.LENGTH, settings.admitsLength(tokens))
                || !reached(Stage.LANGUAGE, settings.admitsLanguage(text))
                || !reached(Stage.KEPT, isWanted(problem))) {
            return Optional.empty();
        }
        KeywordCounter counter = new KeywordCounter();
        counter.append(text);
        card.kept(problem.benchmark(), tokens, counter.finish());
        ObjectNode meta =
                JsonLine.newObject()
                        .put("id", problem.idText() + "#" + generation.sample())
                        .put("source", problem.benchmark())
                        .put("teacher", settings.teacher())
                        .put("correct", correct);
        return Optional.of(SftSample.of(settings.system(), question, text, meta));
    }

    private boolean reached(Stage stage, boolean passes) {
        if (passes) {
            card.reached(stage);
        }
        return passes;
    }

    private boolean isClean(BenchmarkProblem problem) {
        List<String> found =
                overlaps.computeIfAbsent(
                        problem.idText(),
                        id -> contamination.overlaps(problem.problem().question()));
        found.forEach(card::overlapped);
        return found.isEmpty();
    }

    private boolean isWanted(BenchmarkProblem problem) {
        return samplesOf.merge(problem.idText(), 1, Integer::sum) <= settings.samplesPerProblem();
    }

    private int tokens(Generation generation) {
        Integer tokens = generation.outputTokens();
        if (tokens == null
                && (settings.tokensMin() > 0 || settings.tokensMax() < Integer.MAX_VALUE)) {
            throw new InputException(
                    "generation %s: output_tokens is missing, and lengths are limited"
                            .formatted(generation.id()));
        }
        return tokens == null ? 0 : tokens;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
    }
}
