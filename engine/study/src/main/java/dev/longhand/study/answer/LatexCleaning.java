package dev.longhand.study.answer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The steps of the normal form that the compatible mode lacks. */
final class LatexCleaning {
    private static final Pattern SPACE =
            Pattern.compile("(?<!\\\\)\\\\[,;: ]|~|\\\\q?quad(?![a-zA-Z])");
    private static final Pattern STYLE =
            Pattern.compile("\\\\(displaystyle|textstyle)(?![a-zA-Z])");
    private static final Pattern FONT =
            Pattern.compile("\\\\(mathrm|textbf|textit|textrm|mbox|operatorname)(?=\\{)");
    private static final Pattern ORDINAL =
            Pattern.compile("(?<=[0-9])\\^?\\{?\\\\text\\{\\s*(st|nd|rd|th)\\s*\\}\\}?");
    private static final Pattern CONDITION =
            Pattern.compile("\\\\text\\{\\s*(for|where|if|when|with|such that)\\b");
    private static final Pattern WORD_AND =
            Pattern.compile("(?<![a-zA-Z\\\\])(and|or)(?![a-zA-Z])");
    private static final Pattern THOUSANDS =
            Pattern.compile("([-+]?)([0-9]{1,3}(?:,[0-9]{3})+)(\\.[0-9]+)?");
    private static final Pattern BARE_POINT = Pattern.compile("(?<![0-9])\\.(?=[0-9])");

    private static final int NUMBER_CHARACTERS_MAX = 60;

    private LatexCleaning() {}

    /** Spaces, fonts, ordinals and conditions, before any other step. */
    static String before(String text) {
        String plain = SPACE.matcher(text.replace("\\!", "")).replaceAll(" ");
        plain = STYLE.matcher(plain).replaceAll("");
        plain = FONT.matcher(plain).replaceAll("\\\\text");
        plain = ORDINAL.matcher(plain).replaceAll("");
        plain = plain.replace("\\%", "%").replace("\u00b0", "").replace("\u2212", "-");
        Matcher condition = CONDITION.matcher(plain);
        return condition.find() && condition.start() > 0
                ? CharacterSets.stripEnd(plain.substring(0, condition.start()), " ,;")
                : plain;
    }

    /** Words between the elements of a list become commas. */
    static String listed(String text) {
        return WORD_AND.matcher(text).replaceAll(",");
    }

    /** Thousands and missing zeros, at the end. */
    static String after(String text) {
        String plain = BARE_POINT.matcher(text).replaceAll("0.");
        Matcher thousands = THOUSANDS.matcher(plain.replace("{,}", ","));
        return plain.length() <= NUMBER_CHARACTERS_MAX && thousands.matches()
                ? plain.replace("{,}", "").replace(",", "")
                : plain;
    }
}
