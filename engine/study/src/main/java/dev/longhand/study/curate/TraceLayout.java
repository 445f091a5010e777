package dev.longhand.study.curate;

import dev.longhand.study.format.Span;
import dev.longhand.study.segment.Paragraphs;
import dev.longhand.study.segment.TaggedAnswer;

import java.util.List;
import java.util.Optional;

/** Brings the text of a generation into the four-tag layout, without changing a word. */
final class TraceLayout {
    private static final String THINK_BEGIN = "<think>";
    private static final String THINK_END = "</think>";

    private TraceLayout() {}

    /**
     * Lays out a text: one that has the four tags stays, one with R1's tags changes them.
     *
     * @param splitsUntagged whether the last paragraph of a text without tags is its solution
     * @return empty if the text has no thought or no solution
     */
    static Optional<String> of(String text, boolean splitsUntagged) {
        String trimmed = text.strip();
        if (TaggedAnswer.isComplete(trimmed)) {
            return Optional.of(trimmed);
        }
        if (TaggedAnswer.TAGS.stream().anyMatch(trimmed::contains)) {
            return Optional.empty();
        }
        int end = trimmed.indexOf(THINK_END);
        if (end >= 0) {
            int begin = trimmed.startsWith(THINK_BEGIN) ? THINK_BEGIN.length() : 0;
            return parts(
                    trimmed.substring(begin, end), trimmed.substring(end + THINK_END.length()));
        }
        List<Span> paragraphs = Paragraphs.of(trimmed);
        if (!splitsUntagged || trimmed.contains(THINK_BEGIN) || paragraphs.size() < 2) {
            return Optional.empty();
        }
        int solution = paragraphs.getLast().start();
        return parts(trimmed.substring(0, solution), trimmed.substring(solution));
    }

    private static Optional<String> parts(String thought, String solution) {
        return thought.isBlank() || solution.isBlank()
                ? Optional.empty()
                : Optional.of(TaggedAnswer.layOut(thought.strip(), solution.strip()));
    }
}
