package dev.longhand.study.perturb;

import dev.longhand.study.format.Span;

import java.util.ArrayList;
import java.util.List;

/** Replaces parts of a text from left to right and notes where. */
final class TextEdits {
    private final String text;
    private final StringBuilder result = new StringBuilder();
    private final List<Span> removed = new ArrayList<>();
    private final List<Span> added = new ArrayList<>();
    private int copied;

    TextEdits(String text) {
        this.text = text;
    }

    /** Replaces a part that begins at or after the end of the last one. */
    void replace(Span part, String replacement) {
        result.append(text, copied, part.start());
        if (part.length() > 0) {
            removed.add(part);
        }
        if (!replacement.isEmpty()) {
            added.add(new Span(result.length(), result.length() + replacement.length()));
        }
        result.append(replacement);
        copied = part.end();
    }

    Perturbed finish(int units, int touched, int changed) {
        result.append(text, copied, text.length());
        copied = text.length();
        return new Perturbed(result.toString(), units, touched, changed, removed, added);
    }
}
