package dev.longhand.engine.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.ToolCallForm;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

class AnswerFormatTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[0-9]{3} ; 123 ; 12",
                "^a+$ ; aaa ; aab",
                "(yes|no)( sir)? ; no sir ; nosir",
                "a.c ; aéc ; ac",
                "[^a-c]x ; dx ; ax",
                "\\d+\\.\\d* ; 1. ; 1",
                "\\w\\s\\S ; a b ; ab",
                "x{2,} ; xxxx ; x",
                "x{0,2}y ; xxy ; xxxy",
                "(?:ab)*? ; abab ; aba",
                "[\\]\\-x]+ ; ]-x ; a",
                "\\x41\\u00e9 ; Aé ; A",
                "[😀-😂] ; 😁 ; 😃",
                "a|bc ; bc ; ac",
            })
    void expressionsMatchWholeTexts(String expression, String accepted, String rejected) {
        FormatText text = new FormatText(AnswerFormat.regex(expression));
        assertTrue(text.accepts(accepted), accepted);
        assertFalse(text.accepts(rejected), rejected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "(a ; regular expression: at character 3: a group has no end",
                "a) ; regular expression: at character 2: a group ends that never began",
                "*a ; regular expression: at character 2: nothing to repeat",
                "a** ; regular expression: at character 3: a quantifier after a quantifier",
                "(a)\\1 ; regular expression: at character 6: \\1 is not supported",
                "a{2,1} ; regular expression: at character 7: a quantifier's limits are in the"
                        + " wrong order",
                "[z-a] ; regular expression: at character 5: a range in the wrong order",
                "[] ; regular expression: at character 3: a class without characters",
                "[a ; regular expression: at character 3: a class has no end",
                "(a$) ; regular expression: at character 4: $ is supported at the end only",
                "a(^b) ; regular expression: at character 4: ^ is supported at the start only",
                "a$b ; regular expression: at character 3: $ is supported at the end only",
                "\\p{L} ; regular expression: at character 3: \\p is not supported",
            })
    void faultsInExpressionsAreNamed(String expression, String message) {
        AnswerFormatException refusal =
                assertThrows(
                        AnswerFormatException.class,
                        () -> new FormatText(AnswerFormat.regex(expression)));
        assertEquals(message, refusal.getMessage());
    }

    @Test
    void choicesMayBeginAlike() {
        FormatText text = new FormatText(AnswerFormat.choice(List.of("yes", "yesterday", "nö")));
        assertTrue(text.accepts("yes"));
        assertTrue(text.accepts("yesterday"));
        assertTrue(text.accepts("nö"));
        assertFalse(text.accepts("yesterda"));
        assertTrue(text.after("yesterday").complete());
        assertFalse(text.after("yes").complete());
    }

    @Test
    void anyObjectIsAnObject() {
        FormatText text = new FormatText(AnswerFormat.jsonObject());
        assertTrue(text.accepts("{\"a\": [1, {\"b\": \"</tool_call>\"}], \"c\": -1.5e3}"));
        assertFalse(text.accepts("[1]"));
        assertFalse(text.accepts("{\"a\": 1,  \"b\": 2}"), "two spaces");
        assertTrue(text.after("{}").complete());
    }

    @Test
    void callsNameAFunctionAndItsArguments() {
        String add =
                """
                {"type":"function","function":{"name":"add","parameters":{"type":"object",
                "properties":{"a":{"type":"integer"}},"required":["a"]}}}\
                """;
        String now = "{\"type\":\"function\",\"function\":{\"name\":\"now\"}}";
        FormatText one = new FormatText(AnswerFormat.toolCalls(List.of(add, now), false));
        String call = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>";
        assertTrue(one.accepts(call));
        assertTrue(one.after(call).complete());
        assertTrue(
                one.accepts("<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"));
        assertFalse(
                one.accepts("<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>"));
        FormatText several = new FormatText(AnswerFormat.toolCalls(List.of(add, now), true));
        assertTrue(several.accepts(call + "\n" + call));
        assertFalse(several.accepts(call + call));
    }

    @Test
    void callsHaveTheFormOfTheTemplate() {
        String add =
                """
                {"type":"function","function":{"name":"add","parameters":{"type":"object",
                "properties":{"a":{"type":"integer"}},"required":["a"]}}}\
                """;
        AnswerFormat calls = AnswerFormat.toolCalls(List.of(add), true);
        FormatText deepSeek = new FormatText(calls, ToolCallForm.DEEPSEEK);
        String begin = "<｜tool▁calls▁begin｜>";
        String call =
                "<｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{\"a\": 1}\n```"
                        + "<｜tool▁call▁end｜>";
        String end = "<｜tool▁calls▁end｜>";
        assertTrue(deepSeek.accepts(begin + call + end));
        assertTrue(deepSeek.accepts(begin + call + "\n" + call + end));
        assertFalse(deepSeek.accepts(begin + call));
        FormatText llama = new FormatText(calls, ToolCallForm.LLAMA);
        assertTrue(llama.accepts("{\"name\": \"add\", \"parameters\": {\"a\": 1}}"));
        assertFalse(llama.accepts("{\"name\": \"add\", \"parameters\": {}}"));
        FormatText mistral = new FormatText(calls, ToolCallForm.MISTRAL);
        String object = "{\"name\": \"add\", \"arguments\": {\"a\": 1}}";
        assertTrue(mistral.accepts("[TOOL_CALLS] [" + object + ", " + object + "]"));
        assertFalse(mistral.accepts("[TOOL_CALLS] [" + object));
        assertThrows(
                AnswerFormatException.class,
                () -> new FormatText(calls, ToolCallForm.FUNCTION_XML));
    }

    @Test
    void aThoughtMayComeFirst() {
        CompiledFormat compiled =
                FormatCompiler.compile(
                        AnswerFormat.choice(List.of("a")), ToolCallForm.HERMES, "<think>");
        AutomatonStates states = new AutomatonStates(compiled.automaton());
        AutomatonState state = states.start(compiled.first());
        for (char each : "<think>".toCharArray()) {
            state = states.step(state, each);
        }
        assertEquals(compiled.thoughtNode(), state.node(0));
        assertFalse(state.accepting());
        assertTrue(states.step(states.start(compiled.first()), 'a').complete());
        assertTrue(states.step(states.start(compiled.start()), '<').dead());
    }

    @Test
    void formatsAreLimited() {
        assertThrows(AnswerFormatException.class, () -> AnswerFormat.choice(List.of()));
        assertThrows(AnswerFormatException.class, () -> AnswerFormat.choice(List.of("")));
        assertThrows(
                AnswerFormatException.class,
                () -> AnswerFormat.jsonSchema(" ".repeat(AnswerFormat.CHARACTERS_MAX + 1)));
        assertThrows(AnswerFormatException.class, () -> AnswerFormat.toolCalls(List.of(), true));
    }
}
