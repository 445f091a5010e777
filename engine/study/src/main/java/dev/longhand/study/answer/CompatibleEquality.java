package dev.longhand.study.answer;

import dev.longhand.study.answer.Verdict.Rule;
import dev.longhand.study.expression.SymbolicEquality;
import dev.longhand.study.expression.SymbolicEquality.Result;
import dev.longhand.study.text.PythonPatterns;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Equality of normal forms as Qwen2.5-Math's evaluation decides it, with its faults. */
final class CompatibleEquality {
    private static final Set<String> CHOICES = Set.of("A", "B", "C", "D", "E");
    private static final Pattern CHOICE = PythonPatterns.of("\\b([A-E])\\b");
    private static final Pattern BRACED_LIST = PythonPatterns.of("\\{.*,.*\\}");
    private static final String MATRIX_BEGIN = "\\begin{pmatrix}";
    private static final String MATRIX_END = "\\end{pmatrix}";
    private static final Pattern ARITHMETIC = Pattern.compile("[-+*/0-9]+");
    private static final int ELEMENTS_MAX = 200;
    private static final int LIST_CHARACTERS_MAX = 400;
    private static final int DEPTH_MAX = 50;

    private boolean limited;
    private int depth;

    private CompatibleEquality() {}

    static Verdict compare(String prediction, String reference) {
        CompatibleEquality equality = new CompatibleEquality();
        Rule rule = equality.equal(prediction, reference);
        boolean correct = rule != Rule.DIFFERENT && rule != Rule.MISSING;
        return new Verdict(correct, rule, equality.limited);
    }

    private boolean same(String prediction, String reference) {
        Rule rule = equal(prediction, reference);
        return rule != Rule.DIFFERENT && rule != Rule.MISSING;
    }

    /** The rule by which two forms are equal; DIFFERENT or MISSING if they are not. */
    private Rule equal(String predicted, String referred) {
        if (lower(predicted.strip()).equals(lower(referred.strip()))) {
            return Rule.TEXT;
        }
        if (CHOICES.contains(referred) && choice(predicted).equals(referred)) {
            return Rule.CHOICE;
        }
        Double value = DecimalNumber.parse(predicted);
        Double expected = value == null ? null : DecimalNumber.parse(referred);
        if (value != null && expected != null) {
            boolean close = DecimalNumber.closeOrPercent(value, expected);
            return close ? Rule.NUMBER : Rule.DIFFERENT;
        }
        if (predicted.isEmpty()) {
            return Rule.MISSING;
        }
        if (depth == DEPTH_MAX) {
            limited = true;
            return Rule.DIFFERENT;
        }
        depth++;
        try {
            return structural(predicted.strip(), referred.strip());
        } finally {
            depth--;
        }
    }

    private Rule structural(String prediction, String given) {
        String reference =
                prediction.contains("pmatrix") && !given.contains("pmatrix")
                        ? asMatrix(given)
                        : given;
        if (equalWithoutBrackets(prediction, reference)) {
            return Rule.BRACKETS;
        }
        if (isBracketed(prediction)
                && isBracketed(reference)
                && equalParts(
                        prediction.substring(1, prediction.length() - 1).split(",", -1),
                        reference.substring(1, reference.length() - 1).split(",", -1))) {
            return Rule.ELEMENTS;
        }
        if (isMatrix(prediction)
                && isMatrix(reference)
                && equalMatrices(rows(prediction), rows(reference))) {
            return Rule.MATRIX;
        }
        List<String> left = sides(prediction);
        List<String> right = sides(reference);
        if (left.size() == 2 && right.size() == 2) {
            String first = difference(left);
            String second = difference(right);
            if (symbolic(first, second) || symbolic("-(" + first + ")", second)) {
                return Rule.EQUATION;
            }
        } else if (isAssignment(left) && right.size() == 1) {
            if (same(left.get(1), reference)) {
                return Rule.ASSIGNMENT;
            }
        } else if (isAssignment(right) && left.size() == 1 && same(prediction, right.get(1))) {
            return Rule.ASSIGNMENT;
        }
        return symbolic(prediction, reference) ? Rule.SYMBOLIC : Rule.DIFFERENT;
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private static String choice(String prediction) {
        Matcher matcher = CHOICE.matcher(prediction.toUpperCase(Locale.ROOT));
        String last = "";
        while (matcher.find()) {
            last = matcher.group(1);
        }
        return last;
    }

    /** Lists in braces become matrices, as far as they stand in a text. */
    private static String asMatrix(String text) {
        if (text.length() > LIST_CHARACTERS_MAX) {
            return text;
        }
        List<String> matrices = new ArrayList<>();
        Matcher matcher = BRACED_LIST.matcher(text.strip());
        while (matcher.find()) {
            String inside = CharacterSets.strip(matcher.group(), "{}");
            matrices.add(MATRIX_BEGIN + inside.replace(",", "\\") + MATRIX_END);
        }
        return String.join(", ", matrices);
    }

    private static boolean equalWithoutBrackets(String prediction, String reference) {
        String left = prediction;
        String right = reference;
        boolean square = left.startsWith("[") && left.endsWith("]") && !right.startsWith("(");
        boolean round = left.startsWith("(") && left.endsWith(")") && !right.startsWith("[");
        if (square || round) {
            left = CharacterSets.strip(left, "[]()");
            right = CharacterSets.strip(right, "[]()");
        }
        for (String bracket : List.of("{", "}", "(", ")")) {
            left = left.replace(bracket, "");
            right = right.replace(bracket, "");
        }
        return lower(left).equals(lower(right));
    }

    /** Whether a text begins with a bracket and has a closing one at least two characters later. */
    private static boolean isBracketed(String text) {
        boolean opened = text.startsWith("(") || text.startsWith("[");
        return opened && Math.max(text.lastIndexOf(')'), text.lastIndexOf(']')) >= 2;
    }

    private boolean equalParts(String[] left, String[] right) {
        if (left.length != right.length) {
            return false;
        }
        for (int i = 0; i < left.length; i++) {
            if (!same(left[i], right[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean isMatrix(String text) {
        return text.startsWith(MATRIX_BEGIN) && text.endsWith(MATRIX_END);
    }

    private static List<String> rows(String matrix) {
        int end = Math.max(MATRIX_BEGIN.length(), matrix.length() - MATRIX_END.length());
        String inside = matrix.substring(MATRIX_BEGIN.length(), end);
        return List.of(inside.split("\\\\\\\\", -1)).stream()
                .map(String::strip)
                .filter(row -> !row.isEmpty())
                .toList();
    }

    private boolean equalMatrices(List<String> left, List<String> right) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!equalParts(left.get(i).split("&", -1), right.get(i).split("&", -1))) {
                return false;
            }
        }
        return true;
    }

    private static List<String> sides(String text) {
        return List.of(text.split("=", -1));
    }

    private static boolean isAssignment(List<String> sides) {
        return sides.size() == 2 && sides.get(0).strip().length() <= 2;
    }

    private static String difference(List<String> sides) {
        return sides.get(0).strip() + " - (" + sides.get(1).strip() + ")";
    }

    /** Lists in braces without commands, which Python reads as sets. */
    private boolean equalSets(String first, String second) {
        List<String> left = TopLevel.split(first.substring(1, first.length() - 1), ',');
        List<String> rest =
                new ArrayList<>(TopLevel.split(second.substring(1, second.length() - 1), ','));
        boolean plain = first.indexOf('\\') < 0 && second.indexOf('\\') < 0;
        if (!plain || left.size() != rest.size() || left.size() > ELEMENTS_MAX) {
            return false;
        }
        for (String element : left) {
            int found = 0;
            while (found < rest.size() && !equalElements(element, rest.get(found))) {
                found++;
            }
            if (found == rest.size()) {
                return false;
            }
            rest.remove(found);
        }
        return true;
    }

    private boolean equalElements(String first, String second) {
        return !first.isEmpty()
                && (first.equals(second)
                        || (ARITHMETIC.matcher(first + second).matches()
                                && symbolic(first, second)));
    }

    private static boolean isBracedList(String text) {
        return text.startsWith("{")
                && TopLevel.isEnclosed(text)
                && TopLevel.split(text.substring(1, text.length() - 1), ',').size() > 1;
    }

    private boolean symbolic(String first, String second) {
        if (isBracedList(first) && isBracedList(second)) {
            return equalSets(first, second);
        }
        Result result =
                SymbolicEquality.compatible(
                        first.replace("\\\\", "\\"), second.replace("\\\\", "\\"));
        limited |= result == Result.LIMIT;
        return result == Result.EQUAL;
    }
}
