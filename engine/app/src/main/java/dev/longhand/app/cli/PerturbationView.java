package dev.longhand.app.cli;

import dev.longhand.engine.file.ErrorText;
import dev.longhand.study.format.Span;
import dev.longhand.study.perturb.PerturbRun;
import dev.longhand.study.perturb.Perturbed;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Prints messages before and after a perturbation: the parts that went in red, the parts that came
 * in green, or between {@code [-} and {@code -]}, {@code {+} and {@code +}}. Long stretches without
 * changes, and the middle of long changes, are left out.
 */
final class PerturbationView implements PerturbRun.Display {
    private static final int UNCHANGED_CHARACTERS_MAX = 160;
    private static final int CHANGED_CHARACTERS_MAX = 600;

    private final Console console;
    private final boolean colours;
    private int left;

    /** How a part is marked. */
    private record Mark(String begin, String end) {}

    /**
     * A view of the first changes.
     *
     * @param samplesMax the number of samples to print
     */
    PerturbationView(Console console, boolean colours, int samplesMax) {
        this.console = console;
        this.colours = colours;
        left = samplesMax;
    }

    @Override
    public void changed(String id, String before, Perturbed after) {
        if (left <= 0) {
            return;
        }
        left--;
        console.println(
                "sample %s: %d units, %d touched, %d changed"
                        .formatted(
                                ErrorText.line(id),
                                after.units(),
                                after.touched(),
                                after.changed()));
        Mark removed = colours ? new Mark("\u001b[31m", "\u001b[0m") : new Mark("[-", "-]");
        Mark added = colours ? new Mark("\u001b[32m", "\u001b[0m") : new Mark("{+", "+}");
        console.println(lines("- ", marked(before, after.removed(), removed)));
        console.println(lines("+ ", marked(after.text(), after.added(), added)));
        console.println("");
    }

    private static String lines(String prefix, String text) {
        return text.lines().map(line -> prefix + line).collect(Collectors.joining("\n"));
    }

    private static String marked(String text, List<Span> parts, Mark mark) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (Span part : parts) {
            out.append(shortened(text.substring(at, part.start()), UNCHANGED_CHARACTERS_MAX));
            for (String line : shortened(part.of(text), CHANGED_CHARACTERS_MAX).split("\n", -1)) {
                out.append(line.isEmpty() ? "" : mark.begin + line + mark.end).append('\n');
            }
            out.setLength(out.length() - 1);
            at = part.end();
        }
        return out.append(shortened(text.substring(at), UNCHANGED_CHARACTERS_MAX)).toString();
    }

    private static String shortened(String text, int charactersMax) {
        String shown = text;
        if (text.length() > charactersMax) {
            int half = charactersMax / 2 - 20;
            shown =
                    "%s … (%,d characters) … %s"
                            .formatted(
                                    text.substring(0, half),
                                    text.length() - 2 * half,
                                    text.substring(text.length() - half));
        }
        return shown.lines().map(ErrorText::escapeControls).collect(Collectors.joining("\n"))
                + (shown.endsWith("\n") ? "\n" : "");
    }
}
