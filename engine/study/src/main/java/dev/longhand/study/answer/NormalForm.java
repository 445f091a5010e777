package dev.longhand.study.answer;

import dev.longhand.study.text.PythonPatterns;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The normal form in which answers are compared. The steps and their order are those of
 * Qwen2.5-Math's evaluation, which takes them twice; outside the compatible mode its known faults
 * are mended.
 */
public final class NormalForm {
    /** Longer answers are no answers; they stay as they are. */
    static final int CHARACTERS_MAX = 200_000;

    /** Steps over texts, each of which is searched to its end, beyond which an answer stays. */
    private static final long STEPS_MAX = 100_000_000;

    private static final Pattern ARRAY_BEGIN = PythonPatterns.of("\\\\begin\\{array\\}\\{.*?\\}");
    private static final Pattern SEARCHING = Pattern.compile("text|box|array|mathrm");
    private static final Pattern TEXT_WORD = Pattern.compile("\\\\text\\{([a-zA-Z]+)\\}");
    private static final Pattern SQUARED_UNIT = Pattern.compile("(cm|inches)\\}\\^2");
    private static final Pattern TRAILING_TEXT = PythonPatterns.of("\\\\text\\{.*?\\}$");
    private static final Pattern TEXT = PythonPatterns.of("\\\\text\\{(.*?)\\}");
    private static final Pattern MBOX = PythonPatterns.of("\\\\mbox\\{.*?\\}");
    private static final Pattern ZEROS_INSIDE = PythonPatterns.of("(?<=\\d)\\.0*([^\\d])");
    private static final Pattern ZEROS_AT_END = PythonPatterns.of("(?<=\\d)\\.0*$");
    private static final Pattern BACKSLASH_OF_INTEGER =
            PythonPatterns.of("\\\\(?=-?\\d+(\\\\|\\)|,|\\]|$))");
    private static final Pattern SINGLE_BACKSLASH_OF_INTEGER =
            Pattern.compile("(?<!\\\\)\\\\(?=-?[0-9]+(\\\\|\\)|,|\\]|$))");
    private static final Pattern NAME = Pattern.compile("\\s?[a-zA-Z].?=");
    private static final Pattern NAME_PREFIX =
            Pattern.compile("[xyz]\\s*(=|\\\\in|\\\\to)(?![a-z])");

    private NormalForm() {}

    /** Returns the normal form of an answer. */
    public static String of(String answer, AnswerMode mode) {
        if (answer.length() > CHARACTERS_MAX || steps(answer) > STEPS_MAX) {
            return answer;
        }
        if (mode.hendrycks()) {
            return HendrycksForm.of(answer);
        }
        return mode.compatible() ? once(once(answer, mode), mode) : once(answer, mode);
    }

    /** The cost of the patterns that search to the end of the answer from each of its matches. */
    private static long steps(String answer) {
        Matcher searching = SEARCHING.matcher(answer);
        long searches = 0;
        while (searching.find()) {
            searches++;
        }
        return searches * answer.length();
    }

    private static String once(String answer, AnswerMode mode) {
        String text = answer.strip().replace("\n", "");
        text = CharacterSets.stripEnd(text, ".");
        text = mode.compatible() ? text : LatexCleaning.before(text);
        text = layout(text.replace("\\!", ""));
        text = withoutText(text, mode);
        text = mode.units().without(text);
        text = marks(text, mode);
        text = constants(text, mode);
        return text.isEmpty() ? text : ending(text, mode);
    }

    private static String layout(String text) {
        return ARRAY_BEGIN
                .matcher(text)
                .replaceAll("\\\\begin{pmatrix}")
                .replace("\\end{array}", "\\end{pmatrix}")
                .replace("bmatrix", "pmatrix")
                .replace("tfrac", "frac")
                .replace("dfrac", "frac")
                .replace("\\neq", "\\ne")
                .replace("\\leq", "\\le")
                .replace("\\geq", "\\ge")
                .replace("\\left", "")
                .replace("\\right", "")
                .replace("\\{", "{")
                .replace("\\}", "}");
    }

    private static String withoutText(String text, AnswerMode mode) {
        String digits =
                TEXT_WORD
                        .matcher(text)
                        .replaceAll(
                                word -> {
                                    String number = NumberWords.digits(word.group(1), true);
                                    boolean none = number.equals(word.group(1));
                                    return Matcher.quoteReplacement(none ? word.group() : number);
                                });
        String plain = SQUARED_UNIT.matcher(digits).replaceAll("$1}");
        String rest = TRAILING_TEXT.matcher(plain).replaceAll("").strip();
        boolean nothing = rest.isEmpty() || (!mode.compatible() && rest.endsWith("="));
        return nothing ? plain : rest;
    }

    private static String marks(String text, AnswerMode mode) {
        String plain =
                text.replace("^{\\circ}", "")
                        .replace("^\\circ", "")
                        .replace("\\$", "")
                        .replace("$", "")
                        .replace("\\(", "")
                        .replace("\\)", "");
        plain = NumberWords.digits(plain, mode.compatible());
        plain = TEXT.matcher(plain).replaceAll("$1");
        plain = mode.compatible() ? plain : NumberWords.digits(plain, false);
        if (mode.compatible()) {
            for (String name : new String[] {"=", "\\in", "\\to"}) {
                for (String letter : new String[] {"x", "y", "z"}) {
                    plain = plain.replace(letter + name, "");
                }
            }
        } else {
            Matcher prefix = NAME_PREFIX.matcher(plain);
            plain = prefix.lookingAt() ? plain.substring(prefix.end()) : plain;
        }
        return plain.replace("\\emptyset", "{}")
                .replace("(-\\infty,\\infty)", "\\mathbb{R}")
                .replace("\\%", "")
                .replace("%", "")
                .replace(" .", " 0.")
                .replace("{.", "{0.");
    }

    private static String constants(String text, AnswerMode mode) {
        String plain = text.replace("infinity", "\\infty");
        if (!plain.contains("\\infty") && (mode.compatible() || plain.matches("[-+]?inf"))) {
            plain = plain.replace("inf", "\\infty");
        }
        plain = mode.compatible() ? plain.replace("and", "") : LatexCleaning.listed(plain);
        plain = MBOX.matcher(plain.replace("\\mathbf", "")).replaceAll("");
        if (plain.contains("j") && !plain.contains("i")) {
            plain = plain.replace("j", "i");
        }
        plain = ZEROS_INSIDE.matcher(plain).replaceAll("$1");
        return ZEROS_AT_END.matcher(plain).replaceAll("");
    }

    private static String ending(String text, AnswerMode mode) {
        String plain = text.startsWith(".") ? "0" + text : text;
        int sign = plain.indexOf('=');
        boolean named = mode.compatible() || NAME.matcher(plain).lookingAt();
        if (named && sign >= 0 && sign <= 2 && plain.indexOf('=', sign + 1) < 0) {
            plain = plain.substring(sign + 1);
        }
        plain = LatexRepairs.roots(plain).replace(" ", "");
        plain = LatexRepairs.quotient(LatexRepairs.fractions(plain));
        Pattern backslash = mode.compatible() ? BACKSLASH_OF_INTEGER : SINGLE_BACKSLASH_OF_INTEGER;
        plain = backslash.matcher(plain).replaceAll("");
        plain = plain.endsWith("thgrade") ? plain.substring(0, plain.length() - 7) : plain;
        plain = mode.compatible() ? plain : LatexCleaning.after(plain);
        return LatexRepairs.sortedIntegers(plain);
    }
}
