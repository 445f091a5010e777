package dev.longhand.study.answer;

import dev.longhand.study.answer.Verdict.Rule;
import dev.longhand.study.expression.SymbolicEquality;
import dev.longhand.study.expression.SymbolicEquality.Result;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Equality of normal forms without the known faults: lists are sets and must be complete, kinds of
 * brackets count, integers are exact, and a percentage is another number unless marked.
 */
final class StrictEquality {
    private static final Pattern CHOICE = Pattern.compile("\\(?([A-Z])\\)?(?:[.:)].*)?");
    private static final Pattern CHOICE_REFERENCE = Pattern.compile("\\(?([A-J])\\)?");
    private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]+");
    private static final String SYMBOL =
            "(?:[a-zA-Z]|\\\\[a-zA-Z]+)(?:_(?:\\w|\\{[^{}]*\\}))?'?(?:\\([a-zA-Z0-9,]*\\))?";
    private static final Pattern NAME =
            Pattern.compile("%1$s|\\(%1$s(?:,%1$s)+\\)".formatted(SYMBOL));

    private static final String MATRIX_BEGIN = "\\begin{pmatrix}";
    private static final String MATRIX_END = "\\end{pmatrix}";
    private static final String CUP = "\\cup";
    private static final int DEPTH_MAX = 20;
    private static final int ELEMENTS_MAX = 200;
    private static final double INTEGER_TOLERANCE = 1e-6;

    private final boolean percent;
    private boolean limited;
    private boolean algebra;
    private int depth;

    private StrictEquality(boolean percent) {
        this.percent = percent;
    }

    static Verdict compare(String prediction, String reference, boolean percent) {
        if (prediction.isEmpty()) {
            return Verdict.of(reference.isEmpty(), Rule.MISSING);
        }
        StrictEquality equality = new StrictEquality(percent);
        Rule rule = equality.equal(prediction, reference);
        if (rule != Rule.DIFFERENT && equality.algebra) {
            rule = Rule.ALGEBRA;
        }
        return new Verdict(rule != Rule.DIFFERENT, rule, equality.limited);
    }

    private boolean same(String prediction, String reference) {
        return equal(prediction, reference) != Rule.DIFFERENT;
    }

    /** The rule by which two forms are equal; DIFFERENT if they are not. */
    private Rule equal(String prediction, String reference) {
        if (prediction.equalsIgnoreCase(reference)) {
            return Rule.TEXT;
        }
        if (depth == DEPTH_MAX) {
            limited = true;
            return Rule.DIFFERENT;
        }
        depth++;
        try {
            return compared(prediction, reference);
        } finally {
            depth--;
        }
    }

    private Rule compared(String prediction, String reference) {
        Matcher letter = CHOICE_REFERENCE.matcher(reference);
        Matcher chosen = CHOICE.matcher(prediction);
        if (letter.matches() && chosen.matches() && letter.group(1).equals(chosen.group(1))) {
            return Rule.CHOICE;
        }
        Double value = DecimalNumber.parse(prediction);
        Double expected = value == null ? null : DecimalNumber.parse(reference);
        if (value != null && expected != null && isPlain(prediction) && isPlain(reference)) {
            return numbers(prediction, reference, value, expected);
        }
        List<String> left = elements(prediction);
        List<String> right = elements(reference);
        if (isTuple(prediction) && right.size() > 1) {
            return equalListAndTuple(right, prediction) ? Rule.ELEMENTS : Rule.DIFFERENT;
        }
        if (isTuple(reference) && left.size() > 1) {
            return equalListAndTuple(left, reference) ? Rule.ELEMENTS : Rule.DIFFERENT;
        }
        if (left.size() > 1 || right.size() > 1) {
            return equalSets(left, right) ? Rule.ELEMENTS : Rule.DIFFERENT;
        }
        if (!left.getFirst().equals(prediction) || !right.getFirst().equals(reference)) {
            return equal(left.getFirst(), right.getFirst());
        }
        if (isMatrix(prediction) && isMatrix(reference)) {
            return equalMatrices(prediction, reference) ? Rule.MATRIX : Rule.DIFFERENT;
        }
        if (isTuple(prediction) && isTuple(reference)) {
            return equalTuples(prediction, reference) ? Rule.ELEMENTS : Rule.DIFFERENT;
        }
        if (isSingle(prediction) != isSingle(reference)) {
            return equal(
                    isSingle(prediction) ? inside(prediction) : prediction,
                    isSingle(reference) ? inside(reference) : reference);
        }
        List<String> parts = TopLevel.split(prediction, CUP);
        List<String> others = TopLevel.split(reference, CUP);
        if (parts.size() > 1 && others.size() > 1) {
            return equalSets(parts, others) ? Rule.ELEMENTS : Rule.DIFFERENT;
        }
        return relations(prediction, reference);
    }

    /** Whether the commas of a number are those of thousands. */
    private static boolean isPlain(String number) {
        return number.indexOf(',') < 0;
    }

    private Rule numbers(String prediction, String reference, double value, double expected) {
        boolean whole = INTEGER.matcher(reference).matches();
        boolean equal;
        if (percent) {
            equal = DecimalNumber.closeOrPercent(value, expected);
        } else if (whole && INTEGER.matcher(prediction).matches()) {
            equal = Integers.equal(prediction, reference);
        } else if (whole) {
            equal = Math.abs(value - expected) <= INTEGER_TOLERANCE * Math.abs(expected);
        } else {
            equal = DecimalNumber.close(value, expected);
        }
        return equal ? Rule.NUMBER : Rule.DIFFERENT;
    }

    /** The elements of a list: without the braces of a set, and both signs of plus-minus. */
    private static List<String> elements(String form) {
        String inside = form;
        while (inside.startsWith("{") && TopLevel.isEnclosed(inside)) {
            inside = inside.substring(1, inside.length() - 1);
        }
        List<String> elements = new ArrayList<>();
        for (String each : TopLevel.split(inside, ',')) {
            if (each.contains("\\pm") && !each.contains("\\pmatrix")) {
                elements.add(each.replace("\\pm", "+"));
                elements.add(each.replace("\\pm", "-"));
            } else if (!each.isEmpty()) {
                elements.add(each);
            }
        }
        return elements.isEmpty() ? List.of("") : elements;
    }

    private boolean equalSets(List<String> left, List<String> right) {
        if (left.size() != right.size() || left.size() > ELEMENTS_MAX) {
            limited |= left.size() > ELEMENTS_MAX;
            return left.equals(right);
        }
        List<String> rest = new ArrayList<>(right);
        for (String element : left) {
            int found = 0;
            while (found < rest.size() && !same(element, rest.get(found))) {
                found++;
            }
            if (found == rest.size()) {
                return false;
            }
            rest.remove(found);
        }
        return true;
    }

    private static boolean isMatrix(String form) {
        return form.startsWith(MATRIX_BEGIN) && form.endsWith(MATRIX_END);
    }

    private boolean equalMatrices(String prediction, String reference) {
        List<String> left = rows(prediction);
        List<String> right = rows(reference);
        boolean equal = left.size() == right.size();
        for (int i = 0; equal && i < left.size(); i++) {
            equal =
                    equalInOrder(
                            TopLevel.split(left.get(i), '&'), TopLevel.split(right.get(i), '&'));
        }
        return equal;
    }

    private static List<String> rows(String matrix) {
        String inside =
                matrix.substring(MATRIX_BEGIN.length(), matrix.length() - MATRIX_END.length());
        return List.of(inside.split("\\\\\\\\", -1)).stream()
                .filter(row -> !row.isBlank())
                .toList();
    }

    private boolean equalInOrder(List<String> left, List<String> right) {
        boolean equal = left.size() == right.size();
        for (int i = 0; equal && i < left.size(); i++) {
            equal = same(left.get(i), right.get(i));
        }
        return equal;
    }

    private static boolean isTuple(String form) {
        return isBracket(form) && TopLevel.split(inside(form), ',').size() > 1;
    }

    /** Whether a form is one element in brackets of the same kind. */
    private static boolean isSingle(String form) {
        return isBracket(form)
                && (form.charAt(0) == '(') == form.endsWith(")")
                && TopLevel.split(inside(form), ',').size() == 1;
    }

    /** A list without brackets may stand for a tuple, but not for an interval. */
    private boolean equalListAndTuple(List<String> list, String tuple) {
        boolean round = tuple.startsWith("(") && tuple.endsWith(")");
        boolean square = tuple.startsWith("[") && tuple.endsWith("]") && list.size() > 2;
        return (round || square) && equalInOrder(list, TopLevel.split(inside(tuple), ','));
    }

    private static boolean isBracket(String form) {
        return (form.startsWith("(") || form.startsWith("[")) && TopLevel.isEnclosed(form);
    }

    private static String inside(String form) {
        return form.substring(1, form.length() - 1);
    }

    private boolean equalTuples(String prediction, String reference) {
        return prediction.charAt(0) == reference.charAt(0)
                && prediction.charAt(prediction.length() - 1)
                        == reference.charAt(reference.length() - 1)
                && equalInOrder(
                        TopLevel.split(inside(prediction), ','),
                        TopLevel.split(inside(reference), ','));
    }

    /** Equations and assignments, and values at last. */
    private Rule relations(String prediction, String reference) {
        List<String> left = TopLevel.split(prediction, '=');
        List<String> right = TopLevel.split(reference, '=');
        if (left.size() == 2 && right.size() == 2) {
            String first = difference(left);
            String second = difference(right);
            if (symbolic(first, second) || symbolic("-(" + first + ")", second)) {
                return Rule.EQUATION;
            }
        }
        String value = assigned(left);
        String expected = assigned(right);
        if ((value != null && right.size() == 1) || (expected != null && left.size() == 1)) {
            boolean equal =
                    same(
                            value == null ? prediction : value,
                            expected == null ? reference : expected);
            return equal ? Rule.ASSIGNMENT : Rule.DIFFERENT;
        }
        return symbolic(prediction, reference) ? Rule.SYMBOLIC : Rule.DIFFERENT;
    }

    private static String difference(List<String> sides) {
        return "%s-(%s)".formatted(sides.get(0), sides.get(1));
    }

    /** The value of a name, such as that of {@code f(x)=2x}; null without one. */
    private static @Nullable String assigned(List<String> sides) {
        if (sides.size() > 2 && NAME.matcher(sides.getFirst()).matches()) {
            return sides.getLast(); // f(x) = 2(x+1) = 2x+2
        }
        if (sides.size() != 2) {
            return null;
        }
        if (NAME.matcher(sides.get(0)).matches()) {
            return sides.get(1);
        }
        return NAME.matcher(sides.get(1)).matches() ? sides.get(0) : null;
    }

    private boolean symbolic(String first, String second) {
        Result result = SymbolicEquality.compare(first, second);
        limited |= result == Result.LIMIT;
        algebra |= result == Result.EQUAL_BY_ALGEBRA;
        if (result == Result.EQUAL || result == Result.EQUAL_BY_ALGEBRA) {
            return true;
        }
        String left = first.replaceAll("[{}()]", "").toLowerCase(Locale.ROOT);
        return left.equals(second.replaceAll("[{}()]", "").toLowerCase(Locale.ROOT));
    }
}
