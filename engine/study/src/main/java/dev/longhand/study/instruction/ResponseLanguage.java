package dev.longhand.study.instruction;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.Character.UnicodeScript;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The language of a response, by its script, and within a script by letters or by frequent words.
 * It is a light check that always decides alike; lm-eval draws from n-gram statistics at random.
 */
final class ResponseLanguage {
    private static final Map<UnicodeScript, String> BY_SCRIPT =
            Map.ofEntries(
                    Map.entry(UnicodeScript.HANGUL, "ko"),
                    Map.entry(UnicodeScript.THAI, "th"),
                    Map.entry(UnicodeScript.HEBREW, "he"),
                    Map.entry(UnicodeScript.GREEK, "el"),
                    Map.entry(UnicodeScript.BENGALI, "bn"),
                    Map.entry(UnicodeScript.GURMUKHI, "pa"),
                    Map.entry(UnicodeScript.GUJARATI, "gu"),
                    Map.entry(UnicodeScript.TAMIL, "ta"),
                    Map.entry(UnicodeScript.TELUGU, "te"),
                    Map.entry(UnicodeScript.KANNADA, "kn"),
                    Map.entry(UnicodeScript.MALAYALAM, "ml"),
                    Map.entry(UnicodeScript.HAN, "zh"));

    /** Letters that only one of the languages of a script has, or words of it. */
    private record Mark(String language, Pattern pattern) {}

    private static final Map<UnicodeScript, List<Mark>> MARKS =
            Map.of(
                    UnicodeScript.CYRILLIC,
                    List.of(mark("uk", "[іїєґ]"), mark("ru", "[ыэё]"), mark("bg", "[ъщ]")),
                    UnicodeScript.ARABIC,
                    List.of(mark("ur", "[ٹڈڑےںھ]"), mark("fa", "[پچژگکی]"), mark("ar", "[ةىأإكي]")),
                    UnicodeScript.DEVANAGARI,
                    List.of(
                            mark("mr", "ळ|\\bआहे|\\bआणि\\b|\\bहोत"),
                            mark("ne", "\\bछ|हरू|\\bगर्न|\\bर\\b"),
                            mark("hi", "\\bहै|\\bहैं|\\bऔर\\b|\\bमें\\b|\\bके\\b")));

    private static final Map<UnicodeScript, String> UNMARKED =
            Map.of(
                    UnicodeScript.CYRILLIC, "ru",
                    UnicodeScript.ARABIC, "ar",
                    UnicodeScript.DEVANAGARI, "hi");

    private static final Pattern VIETNAMESE =
            Pattern.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]");
    private static final Pattern NO_LETTERS = Pattern.compile("[^\\p{L}\\p{M}']+");
    private static final Map<String, Set<String>> WORDS = words();

    private ResponseLanguage() {}

    private static Mark mark(String language, String pattern) {
        return new Mark(language, Pattern.compile(pattern, Pattern.UNICODE_CHARACTER_CLASS));
    }

    private static Map<String, Set<String>> words() {
        Map<String, Set<String>> words = new LinkedHashMap<>();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                Objects.requireNonNull(
                                        ResponseLanguage.class.getResourceAsStream(
                                                "languages.txt")),
                                StandardCharsets.UTF_8))) {
            lines.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> List.of(line.split(" ")))
                    .forEach(
                            line ->
                                    words.put(
                                            line.getFirst(),
                                            Set.copyOf(
                                                    Set.of(
                                                            line.stream()
                                                                    .skip(1)
                                                                    .distinct()
                                                                    .toArray(String[]::new)))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return words;
    }

    /**
     * Whether a text is in a language, or has no letters from which to tell.
     *
     * @param language an ISO 639-1 code, also with a region
     */
    static boolean mayBe(String language, String text) {
        String found = of(text);
        return found.isEmpty() || language.equals(found) || language.startsWith(found + "-");
    }

    /** The ISO 639-1 code of a text's language; empty if the text has no letters. */
    static String of(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        Map<UnicodeScript, Integer> counts = new EnumMap<>(UnicodeScript.class);
        lower.codePoints()
                .filter(Character::isLetter)
                .forEach(c -> counts.merge(UnicodeScript.of(c), 1, Integer::sum));
        int kana =
                counts.getOrDefault(UnicodeScript.HIRAGANA, 0)
                        + counts.getOrDefault(UnicodeScript.KATAKANA, 0);
        UnicodeScript script =
                counts.entrySet().stream()
                        .max(Map.Entry.comparingByValue())
                        .map(Map.Entry::getKey)
                        .orElse(UnicodeScript.UNKNOWN);
        return switch (script) {
            case UNKNOWN -> "";
            case HIRAGANA, KATAKANA -> "ja";
            case HAN -> kana * 10 > counts.getOrDefault(script, 0) ? "ja" : "zh";
            case LATIN -> latin(lower);
            case CYRILLIC, ARABIC, DEVANAGARI -> marked(script, lower);
            default -> BY_SCRIPT.getOrDefault(script, "und");
        };
    }

    private static String marked(UnicodeScript script, String text) {
        String best = Objects.requireNonNull(UNMARKED.get(script));
        int most = 0;
        for (Mark mark : Objects.requireNonNull(MARKS.get(script))) {
            int count = KeywordChecks.count(mark.pattern, text);
            if (count > most) {
                most = count;
                best = mark.language;
            }
        }
        return best;
    }

    private static String latin(String text) {
        List<String> tokens = NO_LETTERS.splitAsStream(text).toList();
        String best = "en";
        long most = 0;
        for (Map.Entry<String, Set<String>> language : WORDS.entrySet()) {
            long count = 0;
            for (String token : tokens) {
                count += language.getValue().contains(token) ? 1 : 0;
            }
            if (language.getKey().equals("vi")) {
                count += KeywordChecks.count(VIETNAMESE, text);
            }
            if (count > most) {
                most = count;
                best = language.getKey();
            }
        }
        return best;
    }
}
