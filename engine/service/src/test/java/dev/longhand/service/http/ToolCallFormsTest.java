package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.service.Tools;
import dev.longhand.service.http.ToolCallReader.Call;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Calls in every form that templates show, however the answer is cut into pieces. */
class ToolCallFormsTest {
    private static final String CALL = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>";
    private static final String END = "\n```<｜tool▁call▁end｜>";

    private static final Tools TOOLS =
            Tools.read(
                    Settings.parse(
                            "test",
                            """
                            {"tools": [{"type": "function", "function": {"name": "add",
                              "parameters": {"type": "object", "properties": {
                                "a": {"type": "integer"}, "b": {"type": "string"},
                                "c": {"type": "array"}, "d": {"anyOf": [{"type": "null"}]}}}}}]}
                            """
                                    .getBytes(StandardCharsets.UTF_8)));

    private static List<Object> read(ToolCallForm form, String answer, int piece) {
        ToolCallReader reader = ToolCallReader.of(form, TOOLS);
        StringBuilder text = new StringBuilder();
        List<Object> read = new ArrayList<>();
        for (int at = 0; at < answer.length(); at += piece) {
            reader.append(answer.substring(at, Math.min(answer.length(), at + piece)));
            text.append(reader.takeText());
            read.addAll(reader.takeCalls());
        }
        reader.finish();
        text.append(reader.takeText());
        read.addAll(reader.takeCalls());
        read.addFirst(text.toString());
        return read;
    }

    private static void assertRead(ToolCallForm form, String answer, Object... expected) {
        for (int piece = 1; piece <= answer.length(); piece++) {
            assertEquals(List.of(expected), read(form, answer, piece), "pieces of " + piece);
        }
    }

    /** The text that a forced call has is the text that the reader takes. */
    @ParameterizedTest
    @MethodSource("forced")
    void whatIsForcedIsRead(ToolCallForm form) {
        String name = form.quoted() ? "\"add\"" : "add";
        String call = form.before() + name + form.middle() + "{\"a\":\"}</x>\\\"\"}" + form.after();
        Object expected = new Call("add", "{\"a\":\"}</x>\\\"\"}");
        assertRead(form, form.first() + call + form.last(), "", expected);
        assertRead(
                form,
                form.first() + call + form.between() + call + form.last(),
                "",
                expected,
                expected);
    }

    static Stream<ToolCallForm> forced() {
        return Stream.of(ToolCallForm.values()).filter(ToolCallForm::argumentsAreJson);
    }

    /** Answers without calls are text, whatever they look like. */
    @ParameterizedTest
    @MethodSource("texts")
    void otherAnswersAreText(ToolCallForm form, String answer) {
        assertRead(form, answer, answer);
    }

    static Stream<Arguments> texts() {
        List<String> texts =
                List.of(
                        "17 * 24 = 408",
                        "{\"answer\": 408}",
                        "{\"answer\": 408} is it; {\"name\": \"x\"}",
                        "{1, 2} is a set",
                        "[TOOL_CALL] is not a marker, nor is <|python_tag or <｜tool▁call",
                        "a < b; <tool_ca");
        return Stream.of(ToolCallForm.values())
                .flatMap(form -> texts.stream().map(text -> Arguments.of(form, text)));
    }

    @Test
    void deepSeek() {
        ToolCallForm form = ToolCallForm.DEEPSEEK;
        Call add = new Call("add", "{\"a\":1}");
        String call = CALL + "add\n```json\n{\"a\": 1}" + END;
        assertRead(form, "I add.\n" + call, "I add.\n", add);
        assertRead(
                form,
                "I add.<｜tool▁calls▁begin｜>" + call + "\n" + call + "<｜tool▁calls▁end｜>\n",
                "I add.",
                add,
                add);
        assertRead(form, "<｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\": 1}<｜tool▁call▁end｜>", "", add);
        assertRead(form, CALL + "add" + END, CALL + "add" + END);
        assertRead(form, CALL + "add\n```json\n{\"a\"", CALL + "add\n```json\n{\"a\"");
    }

    @Test
    void llama() {
        ToolCallForm form = ToolCallForm.LLAMA;
        Call add = new Call("add", "{\"a\":1}");
        String call = "{\"name\": \"add\", \"parameters\": {\"a\": 1}}";
        assertRead(form, "\n" + call + "\n", "", add);
        assertRead(form, "<|python_tag|>" + call + "; " + call, "", add, add);
        assertRead(form, "{\"type\": \"function\", " + call.substring(1), "", add);
        assertRead(form, call.replace("parameters", "arguments"), "", add);
        assertRead(form, "I call " + call, "I call " + call);
        assertRead(form, call + " as asked", "as asked", add);
        assertRead(form, call.substring(0, 20), call.substring(0, 20));
        assertRead(
                form,
                "<|python_tag|>search.call(query=\"a \\\"b\\\"\", count=\"2\")",
                "",
                new Call("search", "{\"query\":\"a \\\"b\\\"\",\"count\":\"2\"}"));
        assertRead(form, "<|python_tag|>print(1)", "<|python_tag|>print(1)");
        assertRead(form, "<|python_tag|>f.call(x)", "<|python_tag|>f.call(x)");
    }

    @Test
    void mistral() {
        ToolCallForm form = ToolCallForm.MISTRAL;
        Call add = new Call("add", "{\"a\":[1]}");
        String call = "{\"name\": \"add\", \"arguments\": {\"a\": [1]}, \"id\": \"x\"}";
        assertRead(form, "[TOOL_CALLS] [" + call + ", " + call + "]", "", add, add);
        assertRead(form, "So: [TOOL_CALLS][" + call + "]\n", "So: ", add);
        assertRead(
                form,
                "[TOOL_CALLS]add[ARGS]{\"a\": [1]}[TOOL_CALLS]add[CALL_ID]x[ARGS]{\"a\": [1]}",
                "",
                add,
                add);
        assertRead(form, "[TOOL_CALLS] [1]", "[TOOL_CALLS][1]");
        assertRead(form, "[TOOL_CALLS]add[ARGS]{\"a\"", "[TOOL_CALLS]add[ARGS]{\"a\"");
    }

    @Test
    void functionXml() {
        ToolCallForm form = ToolCallForm.FUNCTION_XML;
        String call =
                """
                <tool_call>
                <function=add>
                <parameter=a>
                1
                </parameter>
                <parameter=b>
                2 < 3
                "four"
                </parameter>
                <parameter=c>
                [1]
                </parameter>
                <parameter=d>
                null
                </parameter>
                <parameter=e>
                5
                </parameter>
                </function>
                </tool_call>\
                """;
        Call expected =
                new Call(
                        "add",
                        "{\"a\":1,\"b\":\"2 < 3\\n"
                                + "\\\"four\\\"\",\"c\":[1],\"d\":null,\"e\":\"5\"}");
        assertRead(form, "I add.\n" + call + "\n" + call, "I add.\n", expected, expected);
        String none = "<tool_call>\n<function=now>\n</function>\n</tool_call>";
        assertRead(form, none, "", new Call("now", "{}"));
        String wrong = none.replace("</function>", "what?");
        assertRead(form, wrong, wrong);
    }
}
