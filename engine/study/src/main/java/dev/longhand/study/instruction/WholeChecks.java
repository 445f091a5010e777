package dev.longhand.study.instruction;

import dev.longhand.study.text.PythonText;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Instructions about the whole response: its case, its language, its beginning and its end. */
final class WholeChecks {
    static final Map<String, Function<InstructionArguments, Predicate<String>>> KINDS =
            Map.of(
                    "combination:two_responses", arguments -> WholeChecks::twoResponses,
                    "combination:repeat_prompt", WholeChecks::repeated,
                    "startend:end_checker", WholeChecks::end,
                    "startend:quotation", arguments -> WholeChecks::quoted,
                    "change_case:capital_word_frequency", WholeChecks::capitalWords,
                    "change_case:english_capital", arguments -> WholeChecks::isUpper,
                    "change_case:english_lowercase", arguments -> WholeChecks::isLower,
                    "punctuation:no_comma", arguments -> response -> response.indexOf(',') < 0,
                    "language:response_language", WholeChecks::language);

    private static final Pattern SEPARATOR = Pattern.compile("\\*{6}");
    private static final String ENGLISH = "en";

    private WholeChecks() {}

    private static boolean twoResponses(String response) {
        String[] parts = SEPARATOR.split(response, -1);
        List<String> filled = new ArrayList<>();
        for (int i = 0; i < parts.length; i++) {
            String part = PythonText.strip(parts[i]);
            if (!part.isEmpty()) {
                filled.add(part);
            } else if (i > 0 && i < parts.length - 1) {
                return false;
            }
        }
        return filled.size() == 2 && !filled.get(0).equals(filled.get(1));
    }

    private static String plain(String text) {
        return PythonText.strip(text).toLowerCase(Locale.ROOT);
    }

    private static Predicate<String> repeated(InstructionArguments arguments) {
        String prompt = plain(arguments.text("prompt_to_repeat"));
        return response -> plain(response).startsWith(prompt);
    }

    private static Predicate<String> end(InstructionArguments arguments) {
        String phrase = plain(arguments.text("end_phrase"));
        return response ->
                PythonText.strip(response)
                        .replaceAll("\"+$", "")
                        .toLowerCase(Locale.ROOT)
                        .endsWith(phrase);
    }

    private static boolean quoted(String response) {
        String text = PythonText.strip(response);
        return text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
    }

    private static Predicate<String> capitalWords(InstructionArguments arguments) {
        IntPredicate compared = arguments.compared("capital_relation", "capital_frequency");
        return response ->
                compared.test(
                        (int)
                                EnglishWords.of(response).stream()
                                        .filter(PythonText::isUpper)
                                        .count());
    }

    private static boolean isUpper(String response) {
        return PythonText.isUpper(response) && ResponseLanguage.mayBe(ENGLISH, response);
    }

    private static boolean isLower(String response) {
        return PythonText.isLower(response) && ResponseLanguage.mayBe(ENGLISH, response);
    }

    private static Predicate<String> language(InstructionArguments arguments) {
        String language = arguments.text("language");
        return response -> ResponseLanguage.mayBe(language, response);
    }
}
