package dev.longhand.study.answer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The answer in the words after "the answer is": the first formula, else the first number, else the
 * first sentence. Compatible scoring keeps all the words.
 */
final class SpokenAnswer {
    private static final Pattern SENTENCE_END = Pattern.compile("\\n|[.!?](?=\\s|$)");
    private static final Pattern FORMULA =
            Pattern.compile("\\\\\\((.+?)\\\\\\)|\\\\\\[(.+?)\\\\\\]|\\$\\$?(.+?)\\$");
    private static final Pattern NUMBER = Pattern.compile("-?[0-9][0-9,]*(\\.[0-9]+)?(/[0-9]+)?%?");

    /** No sentence with an answer is longer. */
    private static final int CHARACTERS_MAX = 2000;

    private SpokenAnswer() {}

    static String of(String words) {
        String first = words.substring(0, Math.min(words.length(), CHARACTERS_MAX));
        Matcher end = SENTENCE_END.matcher(first);
        String sentence = (end.find() ? first.substring(0, end.start()) : first).strip();
        Matcher formula = FORMULA.matcher(sentence);
        if (formula.find()) {
            for (int group = 1; group <= formula.groupCount(); group++) {
                String content = formula.group(group);
                if (content != null) {
                    return content.strip();
                }
            }
        }
        if (sentence.indexOf(' ') < 0) {
            return sentence;
        }
        Matcher number = NUMBER.matcher(sentence);
        return number.find() ? number.group() : sentence;
    }
}
