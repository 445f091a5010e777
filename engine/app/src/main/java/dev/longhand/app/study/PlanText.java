package dev.longhand.app.study;

import dev.longhand.app.cli.LoadBar;
import dev.longhand.study.pipeline.Stage;

import java.util.Locale;

/** The plan of a study as text, computed from what its author expects. */
final class PlanText {
    private final StudyConfig config;

    PlanText(StudyConfig config) {
        this.config = config;
    }

    String text() {
        Expectation expected = config.expected();
        StringBuilder text = new StringBuilder();
        text.append(
                String.format(
                        "%s: %d stages, %d rows%s%n",
                        config.name(),
                        config.stages().size(),
                        config.rows().size(),
                        expected.machine().isEmpty() ? "" : ", on " + expected.machine()));
        text.append(line("stage", "command", "tokens", "time", "disk"));
        double seconds = 0;
        long tokens = 0;
        long bytes = 0;
        for (Stage stage : config.stages()) {
            double each = expected.seconds(stage);
            seconds += each;
            tokens += stage.work().tokens();
            bytes += stage.work().bytes();
            text.append(
                    line(
                            stage.name(),
                            stage.kind(),
                            stage.work().tokens() == 0 ? "" : count(stage.work().tokens()),
                            each == 0 ? "" : LoadBar.duration(each),
                            stage.work().bytes() == 0 ? "" : size(stage.work().bytes())));
        }
        text.append(line("all", "", count(tokens), LoadBar.duration(seconds), size(bytes)));
        if (expected.devices() > 0) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "%.0f GPU hours, GPUs: %d%n",
                            seconds / 3600 * expected.devices(),
                            expected.devices()));
        }
        if (expected.trainMemory() + expected.generateMemory() > 0) {
            text.append(
                    String.format(
                            "memory%s: %s in training, %s in generation%n",
                            expected.devices() > 0 ? " of a GPU" : "",
                            size(expected.trainMemory()),
                            size(expected.generateMemory())));
        }
        text.append(
                "All figures are computed from the configuration's expect; none is measured.\n");
        return text.toString();
    }

    private static String line(String... cells) {
        return String.format("%-28s %-8s %16s %9s %10s", (Object[]) cells).stripTrailing() + "\n";
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String size(long bytes) {
        return bytes >= 1L << 30
                ? String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30))
                : String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1L << 20));
    }
}
