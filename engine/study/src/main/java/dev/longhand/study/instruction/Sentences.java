package dev.longhand.study.instruction;

import dev.longhand.study.text.PythonPatterns;
import dev.longhand.study.text.PythonText;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The sentences of an English text by the rules of Punkt (Kiss and Strunk 2006, Unsupervised
 * Multilingual Sentence Boundary Detection), with lists of abbreviations and of words that begin
 * sentences in place of statistics of a corpus.
 */
final class Sentences {
    private static final Set<String> ABBREVIATIONS = list("abbreviations.txt");
    private static final Set<String> STARTERS = list("sentence-starters.txt");

    private static final String CLOSING =
            "[)\";}\\]*:@'({\\[\u2018\u2019\u201c\u201d\u00ab\u00bb?!]";
    private static final String RUN = "(?:-{2,}|\\.{2,}|(?:\\.\\s){2,}\\.)";
    private static final String WORD_START = "[^(\"`{\\[:;&#*@)}\\]\\-,]";
    private static final Pattern END =
            PythonPatterns.of("[.?!](?=(?<after>%s|\\s+(?<next>\\S+)))".formatted(CLOSING));
    private static final Pattern TOKEN =
            PythonPatterns.of(
                    "%1$s|(?=%3$s)\\S+?(?=\\s|$|%2$s|%1$s|,(?=$|\\s|%2$s|%1$s))|\\S"
                            .formatted(RUN, CLOSING, WORD_START));
    private static final Pattern QUOTES =
            PythonPatterns.of(
                    "[\"')\\]}\u2018\u2019\u201c\u201d\u00ab\u00bb]+?(?:\\s+|(?=--)|$)",
                    Pattern.MULTILINE);
    private static final Pattern NUMBER = PythonPatterns.of("-?[.,]?\\d[\\d,.-]*\\.?");
    private static final Pattern INITIAL = PythonPatterns.of("[\\p{L}_]\\.");
    private static final Pattern ELLIPSIS = Pattern.compile("\\.\\.+");
    private static final String NUMBER_TYPE = "##number##";
    private static final String PUNCTUATION = ";:,.!?";

    private Sentences() {}

    private static Set<String> list(String name) {
        try (InputStream in = Sentences.class.getResourceAsStream(name)) {
            byte[] bytes = Objects.requireNonNull(in).readAllBytes();
            return Set.of(new String(bytes, StandardCharsets.UTF_8).strip().split("\\s+"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The end of a sentence if its context says so: the mark, and where the next one begins. */
    private record Candidate(int wordStart, int mark, String after, int next) {}

    /** A piece of the text. */
    private record Slice(int start, int end) {}

    /** Counts the sentences of a text. */
    static int count(String text) {
        return of(text).size();
    }

    /** Divides a text into its sentences. */
    static List<String> of(String text) {
        List<Slice> slices = slices(text);
        List<String> sentences = new ArrayList<>();
        int shift = 0;
        for (int i = 0; i < slices.size(); i++) {
            int start = slices.get(i).start + shift;
            int end = slices.get(i).end;
            shift = 0;
            if (i + 1 < slices.size()) {
                Slice next = slices.get(i + 1);
                Matcher quotes = QUOTES.matcher(slice(text, next));
                if (quotes.lookingAt()) { // they belong to the sentence before them
                    end = next.start + PythonText.stripEnd(quotes.group()).length();
                    shift = quotes.end();
                }
            }
            if (start < end) {
                sentences.add(text.substring(start, end));
            }
        }
        return sentences;
    }

    private static String slice(String text, Slice slice) {
        return text.substring(slice.start, Math.max(slice.start, slice.end));
    }

    private static List<Slice> slices(String text) {
        List<Slice> slices = new ArrayList<>();
        int start = 0;
        for (Candidate each : candidates(text)) {
            String context = text.substring(each.wordStart, each.mark + 1) + each.after;
            if (containsEnd(context)) {
                slices.add(new Slice(start, each.mark + 1));
                start = each.next;
            }
        }
        slices.add(new Slice(start, PythonText.stripEnd(text).length()));
        return slices;
    }

    /** The last mark of each word that may end a sentence. */
    private static List<Candidate> candidates(String text) {
        List<Candidate> all = new ArrayList<>();
        Candidate previous = null;
        Slice word = new Slice(0, 0);
        for (Matcher ends = END.matcher(text); ends.find(); ) {
            int space = lastSpace(text, word.end, ends.start());
            int from = space > word.end ? space + 1 : word.start;
            if (previous != null && word.end <= from) {
                all.add(previous);
            }
            int next = ends.group("next") == null ? ends.end() : ends.start("next");
            previous = new Candidate(from, ends.start(), ends.group("after"), next);
            word = new Slice(from, ends.start());
        }
        if (previous != null) {
            all.add(previous);
        }
        return all;
    }

    /** The index of the last white space in a range; its begin if there is none. */
    private static int lastSpace(String text, int begin, int end) {
        for (int i = end - 1; i > begin; i--) {
            if (" \t\n\r\u000b\f".indexOf(text.charAt(i)) >= 0) {
                return i;
            }
        }
        return begin;
    }

    /** Whether a token before the last one ends a sentence. */
    private static boolean containsEnd(String context) {
        List<String> tokens = new ArrayList<>();
        context.lines()
                .forEach(line -> TOKEN.matcher(line).results().forEach(t -> tokens.add(t.group())));
        for (int i = 0; i + 1 < tokens.size(); i++) {
            if (ends(tokens.get(i), tokens.get(i + 1))) {
                return true;
            }
        }
        return false;
    }

    private static boolean ends(String token, String next) {
        if (!token.endsWith(".")) {
            return token.equals("?") || token.equals("!");
        }
        boolean ellipsis = ELLIPSIS.matcher(token).matches();
        boolean abbreviation = !ellipsis && !token.equals(".") && isAbbreviation(token);
        boolean initial = INITIAL.matcher(token).matches();
        Boolean begins = begins(next);
        if ((abbreviation || ellipsis) && !initial) {
            return Boolean.TRUE.equals(begins);
        }
        if (initial && begins == null && isUpper(next)) { // J. Bach
            return false;
        }
        boolean joined = (initial || isNumber(token)) && Boolean.FALSE.equals(begins);
        return !abbreviation && !joined;
    }

    private static boolean isNumber(String token) {
        return NUMBER.matcher(token).matches();
    }

    private static boolean isAbbreviation(String token) {
        String type = token.substring(0, token.length() - 1).toLowerCase(Locale.ROOT);
        return ABBREVIATIONS.contains(type)
                || ABBREVIATIONS.contains(type.substring(type.lastIndexOf('-') + 1));
    }

    /** Whether a token begins a sentence; null if that is open. */
    private static @Nullable Boolean begins(String token) {
        if (token.length() == 1 && PUNCTUATION.contains(token)) {
            return false;
        }
        if (isUpper(token)) {
            return STARTERS.contains(type(token)) ? (Boolean) true : null;
        }
        return Character.isLowerCase(token.codePointAt(0)) ? (Boolean) false : null;
    }

    private static boolean isUpper(String token) {
        return Character.isUpperCase(token.codePointAt(0));
    }

    /** The token in lower case, without the period that ends a sentence. */
    private static String type(String token) {
        String type = isNumber(token) ? NUMBER_TYPE : token.toLowerCase(Locale.ROOT);
        boolean end = token.endsWith(".") && !token.endsWith("..") && !isAbbreviation(token);
        return end && type.endsWith(".") && type.length() > 1
                ? type.substring(0, type.length() - 1)
                : type;
    }
}
