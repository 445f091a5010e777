package dev.longhand.study.perturb;

import dev.longhand.study.format.Span;
import dev.longhand.study.keywords.KeywordList;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Deletes each mention of a keyword, with a probability, together with one comma and the spaces
 * after it. If the mention opened a sentence, the next letter becomes a capital. Formulas and
 * fences stay as they are.
 */
public final class KeywordDeletion {
    /** A fence, or a formula in one of the four notations of LaTeX and Markdown. */
    private static final Pattern PROTECTED =
            Pattern.compile(
                    "```.*?(?:```|\\z)|\\\\\\[.*?(?:\\\\\\]|\\z)|\\\\\\(.*?\\\\\\)"
                            + "|(?<!\\\\)\\$\\$.*?\\$\\$|(?<!\\\\)\\$[^$\\n]+\\$",
                    Pattern.DOTALL);

    private static final String SENTENCE_ENDS = ".!?";
    private static final String BETWEEN_SENTENCES = " \t\"'“‘([*_";

    private final String message;
    private final boolean[] deleted;
    private final List<Span> mentions;

    private KeywordDeletion(String message, List<Span> mentions, boolean[] deleted) {
        this.message = message;
        this.mentions = mentions;
        this.deleted = deleted;
    }

    /**
     * Deletes mentions within a part of a message. At the ratio 1 it deletes until none is left,
     * since a deletion may bring the words of another keyword together.
     */
    public static Perturbed apply(
            String message, Span scope, KeywordList list, double ratio, SeededStream random) {
        Perturbed first = once(message, scope, list, ratio, random);
        Perturbed last = first;
        int tail = message.length() - scope.end();
        while (ratio >= 1 && last.changed() > 0) {
            String text = last.text();
            last = once(text, new Span(scope.start(), text.length() - tail), list, 1, random);
        }
        return last.text().equals(first.text())
                ? first
                : new Perturbed(
                        last.text(),
                        first.units(),
                        first.touched(),
                        first.changed(),
                        first.removed(),
                        List.of());
    }

    private static Perturbed once(
            String message, Span scope, KeywordList list, double ratio, SeededStream random) {
        List<Span> mentions = mentions(message, scope, list);
        boolean[] deleted = new boolean[mentions.size()];
        for (int i = 0; i < deleted.length; i++) {
            deleted[i] = random.uniform() < ratio;
        }
        return new KeywordDeletion(message, mentions, deleted).delete();
    }

    private static List<Span> mentions(String message, Span scope, KeywordList list) {
        List<Span> kept = PROTECTED.matcher(message).results().map(KeywordDeletion::span).toList();
        List<Span> mentions = new ArrayList<>();
        int next = 0;
        for (MatchResult match : list.mentions(message)) {
            Span mention = span(match);
            while (next < kept.size() && kept.get(next).end() <= mention.start()) {
                next++;
            }
            boolean free = next == kept.size() || kept.get(next).start() >= mention.end();
            if (free && mention.start() >= scope.start() && mention.end() <= scope.end()) {
                mentions.add(mention);
            }
        }
        return mentions;
    }

    private static Span span(MatchResult match) {
        return new Span(match.start(), match.end());
    }

    private Perturbed delete() {
        TextEdits edits = new TextEdits(message);
        int count = 0;
        boolean capital = false;
        for (int i = 0; i < deleted.length; i++) {
            if (!deleted[i]) {
                capital = false;
                continue;
            }
            count++;
            Span mention = mentions.get(i);
            int end = pastCommaAndSpaces(mention.end());
            capital |= opensSentence(mention.start());
            boolean deletesNext =
                    i + 1 < deleted.length && deleted[i + 1] && mentions.get(i + 1).start() == end;
            if (capital && !deletesNext && end < message.length() && isSmall(message.charAt(end))) {
                String letter = "" + Character.toUpperCase(message.charAt(end));
                edits.replace(new Span(mention.start(), end + 1), letter);
            } else {
                edits.replace(new Span(mention.start(), end), "");
            }
            capital &= deletesNext;
        }
        return edits.finish(deleted.length, count, count);
    }

    private static boolean isSmall(char c) {
        return Character.isLowerCase(c);
    }

    private int pastCommaAndSpaces(int from) {
        int at = from < message.length() && message.charAt(from) == ',' ? from + 1 : from;
        while (at < message.length() && message.charAt(at) == ' ') {
            at++;
        }
        return at;
    }

    private boolean opensSentence(int start) {
        int at = start;
        while (at > 0 && BETWEEN_SENTENCES.indexOf(message.charAt(at - 1)) >= 0) {
            at--;
        }
        return at == 0
                || message.charAt(at - 1) == '\n'
                || (at < start && SENTENCE_ENDS.indexOf(message.charAt(at - 1)) >= 0);
    }
}
