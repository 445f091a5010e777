package dev.longhand.study.perturb;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Perturbation;
import dev.longhand.study.format.SftSample;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Replaces a share of the samples with right answers by samples with wrong ones, both as they
 * stand. Samples without a verdict are dropped. Where there are fewer wrong samples than wanted,
 * the places of the others stay empty, so that no right answer takes the place of a wrong one.
 */
final class WrongAnswers {
    private final PerturbSettings settings;
    private final LoadProgress progress;
    private final PerturbReport report;
    private final Set<String> rightQuestions = new HashSet<>();
    private final Set<String> wrongQuestions = new HashSet<>();
    private int right;
    private int wrong;
    private int unscored;

    WrongAnswers(PerturbSettings settings, LoadProgress progress, PerturbReport report) {
        this.settings = settings;
        this.progress = progress;
        this.report = report;
    }

    void run(Path in, SampleWriter writer) {
        count(in);
        // The whole file is one choice, so the id in the seed is empty.
        SeededStream random = settings.stream("");
        BitSet replaced = bits(random.choose(right, settings.ratio()));
        int wanted = replaced.cardinality();
        BitSet taken = bits(random.chooseCount(wrong, Math.min(wrong, wanted)));
        write(in, writer, replaced, taken);
        rightQuestions.retainAll(wrongQuestions);
        report.note("n_right", right);
        report.note("n_wrong", wrong);
        report.note("n_unscored", unscored);
        report.note("n_wrong_missing", wanted - taken.cardinality());
        report.note("n_questions_in_both", rightQuestions.size());
    }

    private static BitSet bits(int[] indexes) {
        BitSet bits = new BitSet();
        for (int index : indexes) {
            bits.set(index);
        }
        return bits;
    }

    private void count(Path in) {
        long size = PerturbRun.size(in);
        try (JsonLines<SftSample> lines = JsonLines.open(in, SftSample::of)) {
            for (SftSample each = lines.next(); each != null; each = lines.next()) {
                progress.loaded(lines.storedBytes() / 2, size);
                report.countIn();
                Boolean correct = correct(each);
                if (correct == null) {
                    unscored++;
                } else if (correct) {
                    right++;
                    rightQuestions.add(question(each));
                } else {
                    wrong++;
                    wrongQuestions.add(question(each));
                }
            }
        }
    }

    private static @Nullable Boolean correct(SftSample sample) {
        JsonNode correct = sample.meta().path("correct");
        return correct.isBoolean() ? (Boolean) correct.booleanValue() : null;
    }

    private static String question(SftSample sample) {
        return Sha256.hex(sample.turns().getFirst().value()).substring(0, 16);
    }

    private void write(Path in, SampleWriter writer, BitSet replaced, BitSet taken) {
        long size = PerturbRun.size(in);
        try (JsonLines<SftSample> rightLines = JsonLines.open(in, SftSample::of);
                JsonLines<SftSample> wrongLines = JsonLines.open(in, SftSample::of)) {
            int wrongSeen = -1;
            for (int i = 0; i < right; i++) {
                SftSample sample = next(rightLines, true);
                progress.loaded((size + rightLines.storedBytes()) / 2, size);
                if (!replaced.get(i)) {
                    write(writer, sample, 0, List.of());
                    continue;
                }
                int place = taken.nextSetBit(wrongSeen + 1);
                if (place < 0) {
                    continue;
                }
                while (wrongSeen < place) {
                    sample = next(wrongLines, false);
                    wrongSeen++;
                }
                write(writer, sample, 1, List.of(sample.id(wrongLines.number())));
            }
        }
    }

    private static SftSample next(JsonLines<SftSample> lines, boolean correct) {
        SftSample sample = lines.next();
        while (sample != null && !Boolean.valueOf(correct).equals(correct(sample))) {
            sample = lines.next();
        }
        if (sample == null) {
            throw new IllegalStateException(lines.source() + ": the file has changed meanwhile");
        }
        return sample;
    }

    private void write(SampleWriter writer, SftSample sample, int replaced, List<String> sources) {
        writer.write(
                sample.withPerturbation(
                        new Perturbation(
                                settings.operator().jsonName(),
                                settings.ratio(),
                                settings.seed(),
                                1,
                                replaced,
                                replaced,
                                sources,
                                JsonLine.newObject())));
        report.countOut();
    }
}
