package dev.longhand.study.perturb;

import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.batch.JsonlReader;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.JsonLinesWriter;
import dev.longhand.study.format.Perturbation;
import dev.longhand.study.format.SftSample;
import dev.longhand.study.segment.TaggedAnswer;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Perturbs a file of training samples. The samples pass one by one, in their order; a second pass
 * before it collects the steps that an insertion needs. One thread uses an instance.
 */
public final class PerturbRun {
    private static final String CORRECT = "correct";

    private final PerturbSettings settings;
    private final LoadProgress progress;
    private final Display display;
    private @Nullable Tokenizer tokenizer;
    private @Nullable Path rewritings;

    /** Receives the messages that were changed. */
    @FunctionalInterface
    public interface Display {
        /**
         * Receives a message.
         *
         * @param id the sample's id
         * @param before the message before the change
         */
        void changed(String id, String before, Perturbed after);
    }

    /** Prepares a run. */
    public PerturbRun(PerturbSettings settings, LoadProgress progress, Display display) {
        this.settings = settings;
        this.progress = progress;
        this.display = display;
    }

    /** Counts tokens, before and after, with a tokenizer that the caller closes. */
    public void countTokens(Tokenizer counter) {
        tokenizer = counter;
    }

    /**
     * Takes the rewritings of a model from a file of generations, in the order of the samples: an
     * answer for each sample that the settings have rewritten.
     */
    public void takeRewritings(Path generations) {
        rewritings = generations;
    }

    /**
     * Perturbs a file.
     *
     * @param out replaced when all samples are written; null writes nothing
     * @throws InputException if a line of a file is invalid
     */
    public PerturbReport run(Path in, @Nullable Path out) {
        PerturbReport report = new PerturbReport(settings);
        try (SampleWriter writer = new SampleWriter(out)) {
            if (settings.operator() == Operator.WRONG) {
                new WrongAnswers(settings, progress, report).run(in, writer);
            } else {
                try (DonorSteps donors = DonorSteps.create(out);
                        RewritingFile answers = new RewritingFile(rewritings)) {
                    if (settings.operator() == Operator.INSERT) {
                        collect(in, donors);
                    }
                    perturb(in, writer, new MessagePerturbation(settings, donors, answers), report);
                }
            }
            writer.commit();
        }
        return report;
    }

    /** Collects the steps of samples that are marked as correct, or not marked at all. */
    private void collect(Path in, DonorSteps donors) {
        long size = size(in);
        try (JsonLines<SftSample> lines = JsonLines.open(in, SftSample::of)) {
            for (SftSample each = lines.next(); each != null; each = lines.next()) {
                progress.loaded(lines.storedBytes() / 2, size);
                int turn = each.answerIndex();
                if (turn < 0 || !each.meta().path(CORRECT).asBoolean(!each.meta().has(CORRECT))) {
                    continue;
                }
                String id = each.id(lines.number());
                TaggedAnswer.parse(each.turns().get(turn).value())
                        .flatMap(
                                answer ->
                                        settings.segmentation().division().steps(id, answer.body()))
                        .ifPresent(steps -> donors.add(id, steps));
            }
        }
    }

    private void perturb(
            Path in, SampleWriter writer, MessagePerturbation perturbation, PerturbReport report) {
        long size = size(in);
        boolean second = settings.operator() == Operator.INSERT;
        try (JsonLines<SftSample> lines = JsonLines.open(in, SftSample::of)) {
            for (SftSample each = lines.next(); each != null; each = lines.next()) {
                progress.loaded(
                        second ? (size + lines.storedBytes()) / 2 : lines.storedBytes(), size);
                int turn = each.answerIndex();
                if (turn < 0) {
                    throw new InputException(lines.source() + ": has no turn of an assistant");
                }
                report.countIn();
                String id = each.id(lines.number());
                String message = each.turns().get(turn).value();
                Outcome outcome = perturbation.apply(id, message);
                report.add(message, outcome);
                countTokens(report, message, outcome.result().text());
                if (outcome.result().changed() > 0) {
                    display.changed(id, message, outcome.result());
                }
                writer.write(
                        each.withValue(turn, outcome.result().text())
                                .withPerturbation(noted(outcome)));
                report.countOut();
            }
        }
    }

    private void countTokens(PerturbReport report, String before, String after) {
        if (tokenizer != null) {
            int tokens = tokenizer.encode(before).length;
            report.addTokens(
                    tokens, before.equals(after) ? tokens : tokenizer.encode(after).length);
        }
    }

    private Perturbation noted(Outcome outcome) {
        Perturbed result = outcome.result();
        ObjectNode others = JsonLine.newObject();
        settings.describeMode(others);
        if (outcome.fate() != Outcome.Fate.APPLIED) {
            others.put("skipped", outcome.fate().jsonName());
        }
        return new Perturbation(
                settings.operator().jsonName(),
                settings.ratio(),
                settings.seed(),
                result.units(),
                result.touched(),
                result.changed(),
                outcome.sourceIds(),
                others);
    }

    static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
    }

    /** The rewritings of a model, read in the order of the samples. */
    private static final class RewritingFile
            implements MessagePerturbation.Rewritings, AutoCloseable {
        private final @Nullable JsonLines<Generation> lines;

        RewritingFile(@Nullable Path file) {
            lines = file == null ? null : JsonLines.open(file, Generation::of);
        }

        @Override
        public String of(String id) {
            Generation next = lines == null ? null : lines.next();
            if (next == null || !next.idText().equals(id)) {
                throw new InputException("there is no rewriting of the sample " + id);
            }
            return next.text();
        }

        @Override
        public void close() {
            if (lines != null) {
                lines.close();
            }
        }
    }

    /** Writes the questions for a model: what it is to divide or to rewrite. */
    public static int writeQuestions(PerturbSettings settings, Path in, Path questions) {
        int count = 0;
        try (JsonLines<SftSample> lines = JsonLines.open(in, SftSample::of);
                JsonLinesWriter writer = JsonLinesWriter.create(questions)) {
            for (SftSample each = lines.next(); each != null; each = lines.next()) {
                String id = each.id(lines.number());
                List<String> asked = asked(settings, id, each);
                for (String question : asked) {
                    writer.write(
                            JsonLine.format(
                                    JsonLine.newObject().put("id", id).put("question", question)));
                    count++;
                }
            }
            writer.commit();
        }
        return count;
    }

    private static List<String> asked(PerturbSettings settings, String id, SftSample sample) {
        int turn = sample.answerIndex();
        if (turn < 0) {
            return List.of();
        }
        String message = sample.turns().get(turn).value();
        if (settings.operator().usesSteps()) {
            return TaggedAnswer.parse(message).map(each -> each.body().strip()).stream().toList();
        }
        return settings.rewrites(id) ? List.of(message) : List.of();
    }
}
