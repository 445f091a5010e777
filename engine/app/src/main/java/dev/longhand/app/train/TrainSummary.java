package dev.longhand.app.train;

import dev.longhand.training.run.EvaluationRecord;
import dev.longhand.training.run.StepRecord;
import dev.longhand.training.run.TrainingResult;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table at the end of a run. */
final class TrainSummary {
    private TrainSummary() {}

    static String table(Path out, TrainingResult result, TrainProgress progress) {
        List<String> rows = new ArrayList<>();
        rows.add(
                "ended        %s after %d steps"
                        .formatted(
                                switch (result.end()) {
                                    case COMPLETE -> "complete";
                                    case EARLY -> "early, evaluations got no better,";
                                    case CANCELLED -> "cancelled";
                                },
                                result.steps()));
        StepRecord first = progress.first();
        StepRecord last = progress.last();
        if (first != null && last != null) {
            rows.add(
                    line(
                            "loss         %.4f at step %d, %.4f at step %d",
                            first.loss(), first.step(), last.loss(), last.step()));
            rows.add(
                    line(
                            "speed        %,d tokens in %.1f s, %.1f tokens/s",
                            progress.tokens(),
                            result.seconds(),
                            progress.tokens() / result.seconds()));
            rows.add(line("peak memory  %,d MiB resident", last.peakBytes() >> 20));
        }
        EvaluationRecord best = result.best();
        rows.add(
                best == null
                        ? "best         the last, for there was no evaluation"
                        : "best         " + TrainProgress.scores(best));
        rows.add(
                "written      %s: last, best, state, train.jsonl, loss.svg, norm.svg%s"
                        .formatted(out, best == null || best.answers() == null ? "" : ", answers"));
        return String.join("\n", rows);
    }

    @SuppressWarnings("AnnotateFormatMethod") // its annotation is in a library that this lacks
    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
