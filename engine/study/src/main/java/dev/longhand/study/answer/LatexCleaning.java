package dev.longhand.study.answer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The steps of the normal form that the compatible mode lacks. */
final class LatexCleaning {
    private static final Pattern SPACE =
            Pattern.compile("(?<!\\\\)\\\\[,;: ]|~|\\\\q?quad(?![a-zA-Z])");
    private static final String TEXT = "\\text{";
    private static final Pattern DOLLARS = Pattern.compile("(?<!\\\\)\\$");
    private static final Pattern PLUS_INFINITY =
            Pattern.compile("(?<![0-9a-zA-Z)}\\]] {0,3})\\+\\s*(?=\\\\infty)");
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
        plain = unwrapped(DOLLARS.matcher(plain).replaceAll("").strip());
        plain = STYLE.matcher(plain).replaceAll("");
        plain = FONT.matcher(plain).replaceAll("\\\\text");
        plain = ORDINAL.matcher(plain).replaceAll("");
        plain = plain.replace("\\%", "%").replace("\\varnothing", "\\emptyset");
        plain = plain.replace("\u00b0", "").replace("\u2212", "-");
        plain = PLUS_INFINITY.matcher(plain).replaceAll("");
        Matcher condition = CONDITION.matcher(plain);
        return condition.find() && condition.start() > 0
                ? CharacterSets.stripEnd(plain.substring(0, condition.start()), " ,;")
                : plain;
    }

    /** The content of a text command that holds the whole answer, with braces inside. */
    private static String unwrapped(String text) {
        String inside = text;
        while (inside.startsWith(TEXT)
                && TopLevel.isEnclosed(inside.substring(TEXT.length() - 1))
                && inside.indexOf('{', TEXT.length()) > 0) {
            inside = inside.substring(TEXT.length(), inside.length() - 1).strip();
        }
        return inside;
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
