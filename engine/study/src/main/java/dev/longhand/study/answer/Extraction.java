package dev.longhand.study.answer;

import dev.longhand.study.text.PythonPatterns;

import org.jspecify.annotations.Nullable;

import java.util.regex.Pattern;

/**
 * The final answer as it stands in a response. The last box wins; without one, phrases that
 * announce an answer and at last the last number are tried. The order is that of Qwen2.5-Math's
 * evaluation.
 *
 * @param rule the rule that found it
 * @param text the answer; null if the response has none
 */
public record Extraction(Rule rule, @Nullable String text) {
    /** The rules, in the order in which they are tried. */
    public enum Rule {
        /** "final answer is $...$. I hope". */
        MINERVA,
        /** The last {@code \boxed}. */
        BOXED,
        /** The last "he answer is". */
        ANSWER_IS,
        /** The last "final answer is". */
        FINAL_ANSWER_IS,
        /** The phrase in Chinese. */
        CHINESE,
        /** The last number. */
        NUMBER,
        /** No rule applies. */
        NONE
    }

    private static final String MINERVA_BEGIN = "final answer is $";
    private static final String MINERVA_END = "$. I hope";
    private static final String ANSWER_IS = "he answer is";
    private static final String FINAL_ANSWER_IS = "final answer is";
    private static final String CHINESE = "\u7b54\u6848\u662f";
    private static final String STRAY_CYRILLIC = "\u043a\u0438";
    private static final String SOLUTION = "<|begin_of_solution|>";
    private static final String THOUGHT_END = "</think>";

    private static final Pattern LINE_BREAK = PythonPatterns.of("\\n\\s*");

    /** Extracts the answer of a response. */
    public static Extraction of(String response, AnswerMode mode) {
        String text = scope(response, mode);
        text = text.contains(STRAY_CYRILLIC) ? text.replace(STRAY_CYRILLIC, "") : text;
        Extraction raw = raw(text);
        if (raw.text == null) {
            return raw;
        }
        String answer = raw.text;
        if (!mode.compatible()
                && (raw.rule == Rule.ANSWER_IS || raw.rule == Rule.FINAL_ANSWER_IS)) {
            answer = SpokenAnswer.of(answer);
        }
        return new Extraction(raw.rule, trimmed(answer));
    }

    /** The part of a response that is judged. */
    public static String scope(String response, AnswerMode mode) {
        return mode.solutionOnly() ? solution(response) : response;
    }

    /** The text after the last mark of a solution; empty if the response has no such mark. */
    private static String solution(String response) {
        for (String mark : new String[] {SOLUTION, THOUGHT_END}) {
            int at = response.lastIndexOf(mark);
            if (at >= 0) {
                return response.substring(at + mark.length());
            }
        }
        return "";
    }

    private static Extraction raw(String text) {
        int minerva = text.indexOf(MINERVA_BEGIN);
        if (minerva >= 0 && text.contains(MINERVA_END)) {
            String after = text.substring(minerva + MINERVA_BEGIN.length());
            int end = after.indexOf(MINERVA_END);
            return new Extraction(
                    Rule.MINERVA, (end < 0 ? after : after.substring(0, end)).strip());
        }
        String boxed = BoxedAnswer.last(text);
        if (boxed != null) {
            return new Extraction(Rule.BOXED, boxed);
        }
        int answer = text.lastIndexOf(ANSWER_IS);
        if (answer >= 0) {
            String after = text.substring(answer + ANSWER_IS.length());
            return new Extraction(Rule.ANSWER_IS, after.strip());
        }
        int last = text.lastIndexOf(FINAL_ANSWER_IS);
        if (last >= 0) {
            String after = text.substring(last + FINAL_ANSWER_IS.length());
            return new Extraction(Rule.FINAL_ANSWER_IS, after.strip());
        }
        int chinese = text.indexOf(CHINESE);
        if (chinese >= 0) {
            return new Extraction(Rule.CHINESE, paragraph(text, chinese + CHINESE.length()));
        }
        String number = LastNumber.in(text);
        return number == null
                ? new Extraction(Rule.NONE, null)
                : new Extraction(Rule.NUMBER, number);
    }

    private static String paragraph(String text, int from) {
        int next = text.indexOf(CHINESE, from);
        String after = (next < 0 ? text.substring(from) : text.substring(from, next)).strip();
        int blank = after.indexOf("\n\n");
        return (blank < 0 ? after : after.substring(0, blank)).strip();
    }

    private static String trimmed(String answer) {
        String line = LINE_BREAK.matcher(answer).replaceAll("");
        if (line.startsWith(":")) {
            line = line.substring(1);
        }
        if (line.endsWith(".")) {
            line = line.substring(0, line.length() - 1);
        }
        return line.endsWith("/") ? line.substring(0, line.length() - 1) : line;
    }
}
