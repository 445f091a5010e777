package dev.longhand.study.instruction;

import dev.longhand.study.text.PythonPatterns;
import dev.longhand.study.text.PythonText;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Instructions about marks in the text and its layout. */
final class FormatChecks {
    static final Map<String, Function<InstructionArguments, Predicate<String>>> KINDS =
            Map.of(
                    "detectable_content:number_placeholders", FormatChecks::placeholders,
                    "detectable_content:postscript", FormatChecks::postscript,
                    "detectable_format:number_bullet_lists", FormatChecks::bullets,
                    "detectable_format:constrained_response", arguments -> FormatChecks::answers,
                    "detectable_format:number_highlighted_sections", FormatChecks::highlights,
                    "detectable_format:multiple_sections", FormatChecks::sections,
                    "detectable_format:json_format", arguments -> FormatChecks::isJson,
                    "detectable_format:title", arguments -> FormatChecks::hasTitle);

    private static final Pattern PLACEHOLDER = PythonPatterns.of("\\[.*?\\]");
    private static final Pattern STAR = line("^\\s*\\*[^\\*].*$");
    private static final Pattern DASH = line("^\\s*-.*$");
    private static final Pattern HIGHLIGHT = Pattern.compile("\\*[^\n*]*\\*");
    private static final Pattern STRONG = Pattern.compile("\\*\\*([^\n*]*)\\*\\*");
    private static final Pattern TITLE = Pattern.compile("<<[^\n]+>>");
    private static final List<String> ANSWERS =
            List.of("My answer is yes.", "My answer is no.", "My answer is maybe.");
    private static final String FENCE = "```";

    /** As strict as Python's {@code json}, which knows NaN and the infinities. */
    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNumberLength(1 << 20)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private FormatChecks() {}

    private static Pattern line(String pattern) {
        return PythonPatterns.of(pattern, Pattern.MULTILINE);
    }

    private static Predicate<String> placeholders(InstructionArguments arguments) {
        int wanted = arguments.number("num_placeholders");
        return response -> KeywordChecks.count(PLACEHOLDER, response) >= wanted;
    }

    private static Predicate<String> postscript(InstructionArguments arguments) {
        String marker = PythonText.strip(arguments.text("postscript_marker"));
        String pattern =
                switch (marker) {
                    case "P.P.S" -> "p\\.\\s?p\\.\\s?s";
                    case "P.S." -> "p\\.\\s?s\\.";
                    default -> marker.toLowerCase(Locale.ROOT);
                };
        Pattern compiled = PythonPatterns.of(pattern);
        return response -> compiled.matcher(response.toLowerCase(Locale.ROOT)).find();
    }

    private static Predicate<String> bullets(InstructionArguments arguments) {
        int wanted = arguments.number("num_bullets");
        return response ->
                KeywordChecks.count(STAR, response) + KeywordChecks.count(DASH, response) == wanted;
    }

    private static boolean answers(String response) {
        return ANSWERS.stream().anyMatch(response::contains);
    }

    private static Predicate<String> highlights(InstructionArguments arguments) {
        int wanted = arguments.number("num_highlights");
        return response -> {
            long single =
                    HIGHLIGHT
                            .matcher(response)
                            .results()
                            .map(MatchResult::group)
                            .filter(each -> !PythonText.strip(each.replace("*", "")).isEmpty())
                            .count();
            long strong =
                    STRONG.matcher(response)
                            .results()
                            .filter(each -> !PythonText.strip(each.group(1)).isEmpty())
                            .count();
            return single + strong >= wanted;
        };
    }

    private static Predicate<String> sections(InstructionArguments arguments) {
        String mark = PythonText.strip(arguments.text("section_spliter")); // lm-eval's spelling
        int wanted = arguments.number("num_sections");
        Pattern begin = PythonPatterns.of("\\s?" + mark + "\\s?\\d+\\s?");
        return response -> KeywordChecks.count(begin, response) >= wanted;
    }

    private static boolean isJson(String response) {
        String text = PythonText.strip(response);
        for (String begin : List.of("```json", "```Json", "```JSON", FENCE)) {
            text = text.startsWith(begin) ? text.substring(begin.length()) : text;
        }
        text = text.endsWith(FENCE) ? text.substring(0, text.length() - FENCE.length()) : text;
        text = PythonText.strip(text);
        try {
            return !text.isEmpty() && !JSON.readTree(text).isMissingNode();
        } catch (JacksonException e) {
            return false;
        }
    }

    private static boolean hasTitle(String response) {
        return TITLE.matcher(response)
                .results()
                .map(each -> each.group().replaceAll("^<+|>+$", ""))
                .anyMatch(each -> !PythonText.strip(each).isEmpty());
    }
}
