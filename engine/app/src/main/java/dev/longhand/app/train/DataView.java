package dev.longhand.app.train;

import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.training.data.Dataset;
import dev.longhand.training.data.Demonstration;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Shows what is learned: counts and lengths, and demonstrations with their learned part marked. */
final class DataView {
    private static final String GREEN = "\u001b[32m";
    private static final String PLAIN = "\u001b[0m";
    private static final int NAMED_MAX = 5;

    private final @Nullable TokenTable table;
    private final boolean colours;

    /**
     * Creates a view.
     *
     * @param table the bytes of tokens; null shows ids
     * @param colours whether the learned part is green; else it stands in brackets
     */
    DataView(@Nullable TokenTable table, boolean colours) {
        this.table = table;
        this.colours = colours;
    }

    /** Describes a dataset in a few lines. */
    static String summary(String name, Dataset data) {
        return String.format(
                        Locale.ROOT,
                        "%s: %,d demonstrations, %,d tokens, %,d of them learned (%.1f %%)%n",
                        name,
                        data.demonstrations().size(),
                        data.tokens(),
                        data.labels(),
                        100.0 * data.labels() / data.tokens())
                + String.format(
                        Locale.ROOT,
                        "  lengths: least %,d, median %,d, nine tenths up to %,d, most %,d%n",
                        data.length(0),
                        data.length(0.5),
                        data.length(0.9),
                        data.length(1))
                + String.format(
                        Locale.ROOT,
                        "  samples that teach an end token: %,d of %,d%n",
                        data.teachingEnd(),
                        data.demonstrations().size())
                + listed("too long, dropped", data.dropped())
                + listed("too long, cut", data.truncated());
    }

    private static String listed(String kind, List<String> sources) {
        if (sources.isEmpty()) {
            return "";
        }
        String names = String.join(", ", sources.subList(0, Math.min(NAMED_MAX, sources.size())));
        return String.format(
                Locale.ROOT,
                "  %s: %,d (%s%s)%n",
                kind,
                sources.size(),
                names,
                sources.size() > NAMED_MAX ? ", ..." : "");
    }

    /** Returns the text of a demonstration with the learned part marked. */
    String text(Demonstration demonstration) {
        StringBuilder text = new StringBuilder();
        int[] learned = demonstration.learned();
        int at = 0;
        for (int i = 0; i < learned.length; i += 2) {
            text.append(shown(demonstration, at, learned[i]))
                    .append(colours ? GREEN : "[[")
                    .append(shown(demonstration, learned[i], learned[i + 1]))
                    .append(colours ? PLAIN : "]]");
            at = learned[i + 1];
        }
        return text + shown(demonstration, at, demonstration.ids().length);
    }

    private String shown(Demonstration demonstration, int from, int end) {
        if (table == null) {
            return Arrays.stream(demonstration.ids(), from, end)
                    .mapToObj(id -> id + " ")
                    .collect(Collectors.joining());
        }
        return Arrays.stream(demonstration.text(table, from, end).split("\n", -1))
                .map(ErrorText::escapeControls)
                .collect(Collectors.joining("\n"));
    }
}
