package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.service.http.ToolCallReader.Call;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** Calls in answers are found however the answer is cut into pieces. */
class ToolCallReaderTest {
    private static final String ANSWER =
            """
            Let me see. 1 < 2
            <tool_call>
            {"name": "add", "arguments": {"a": 1, "b": "</x>"}}
            </tool_call>
            <tool_call>
            {"name": "now"}
            </tool_call>\
            """;

    private static List<Object> read(String answer, int piece) {
        ToolCallReader reader = MarkedCallReader.hermes(9);
        StringBuilder text = new StringBuilder();
        List<Object> calls = new ArrayList<>();
        for (int at = 0; at < answer.length(); at += piece) {
            reader.append(answer.substring(at, Math.min(answer.length(), at + piece)));
            text.append(reader.takeText());
            calls.addAll(reader.takeCalls());
        }
        reader.finish();
        text.append(reader.takeText());
        calls.addAll(reader.takeCalls());
        calls.addFirst(text.toString());
        return calls;
    }

    @Test
    void callsAreFoundWhateverThePieces() {
        List<Object> expected =
                List.of(
                        "Let me see. 1 < 2\n",
                        new Call("add", "{\"a\":1,\"b\":\"</x>\"}"),
                        new Call("now", "{}"));
        for (int piece = 1; piece <= ANSWER.length(); piece++) {
            assertEquals(expected, read(ANSWER, piece), "pieces of " + piece);
        }
    }

    @Test
    void stringsMayContainTheMarkers() {
        String call =
                "<tool_call>\n"
                        + "{\"name\": \"a\", \"arguments\": {\"x\": \"\\\"</tool_call>\\\\\"}}\n"
                        + "</tool_call>";
        List<Object> expected = List.of("", new Call("a", "{\"x\":\"\\\"</tool_call>\\\\\"}"));
        for (int piece = 1; piece <= call.length(); piece++) {
            assertEquals(expected, read(call, piece), "pieces of " + piece);
        }
    }

    @Test
    void aStringWithoutEndHidesNoLaterCall() {
        String broken = "<tool_call>{\"name\": \"a}</tool_call>";
        assertEquals(
                List.of(broken, new Call("b", "{}")),
                read(broken + "<tool_call>{\"name\": \"b\"}</tool_call>", 3));
    }

    @Test
    void whatOnlyLooksLikeACallStaysText() {
        for (String text :
                List.of(
                        "<tool_call>",
                        "<tool_cal",
                        "<tool_call>{\"name\": \"add\"",
                        "<tool_call>add(1, 2)</tool_call>",
                        "<tool_call>{\"arguments\": {}}</tool_call>",
                        "<tool_call>[]</tool_call> <")) {
            for (int piece = 1; piece <= text.length(); piece++) {
                assertEquals(List.of(text), read(text, piece));
            }
        }
    }
}
