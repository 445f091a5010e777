package dev.longhand.engine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;

/** Hostile JSON is refused in one line that names the source. */
class JsonTest {
    private static String parse(String json) {
        return Json.parse("it", json.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static String refusal(byte[] json) {
        InputException e = assertThrows(InputException.class, () -> Json.parse("it", json));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith("it: malformed JSON"), message);
        assertFalse(message.contains("\n"), message);
        assertFalse(message.contains("http"), message);
        assertTrue(message.length() < 400, message);
        return message;
    }

    private static String refusal(String json) {
        return refusal(json.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1,",
                "{\"a\":1",
                "{\"a\" 1}",
                "{a:1}",
                "{'a':1}",
                "[1 2]",
                "[1,]",
                "{\"a\":1,}",
                "[NaN]",
                "[Infinity]",
                "[01]",
                "[+1]",
                "[.5]",
                "[1.]",
                "[0x10]",
                "TRUE",
                "nul",
                "\"tab\there\"",
                "\"\\x\"",
                "\"\\u12\"",
                "// a comment\n1",
                "/* a comment */ 1",
                "1 2",
                "{} {}",
                "[] x",
                ")]}'\n[]",
                "{\"a\":1,\"a\":1}",
                "[{\"b\":{\"a\":1,\"a\":2}}]"
            })
    void otherThanJsonIsRefused(String text) {
        refusal(text);
    }

    @Test
    void theRefusalNamesThePlace() {
        assertEquals(
                "it: malformed JSON at line 2, column 4: unexpected text",
                refusal("{\"a\":\n  [nan]}"));
        assertEquals("it: malformed JSON at line 1, column 4: it ends early", refusal("[1,"));
        assertEquals(
                "it: malformed JSON: the name \"a\" appears twice", refusal("{\"a\":1,\"a\":2}"));
        assertEquals("it: malformed JSON at line 2, column 2: unexpected text", refusal("{}\n{}"));
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() {
        assertTrue(refusal(new byte[] {'"', (byte) 0xff, '"'}).endsWith("not UTF-8"));
        assertTrue(
                refusal(new byte[] {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'})
                        .endsWith("UTF-8"));
        assertTrue(refusal(new byte[] {'"', (byte) 0xc3}).endsWith("UTF-8"));
    }

    @Test
    void limitsHold() {
        assertEquals("[".repeat(64) + "]".repeat(64), parse("[".repeat(64) + "]".repeat(64)));
        refusal("[".repeat(65) + "]".repeat(65));
        refusal("{\"a\":".repeat(100_000));
        String digits = "9".repeat(100);
        assertEquals(digits, parse(digits));
        refusal(digits + "9");
        refusal("9".repeat(1 << 20));
        String name = "n".repeat(4096);
        assertEquals("{\"" + name + "\":1}", parse("{\"" + name + "\":1}"));
        refusal("{\"" + name + "n\":1}");
        int chars = 4 << 20;
        assertEquals(chars, parse('"' + "s".repeat(chars - 2) + '"').length());
        refusal('"' + "s".repeat(chars + 1) + '"');
    }

    /** Numbers keep their spelling, so that a file that carries them on does not change them. */
    @Test
    void valuesAreKept() {
        for (String json :
                new String[] {
                    "{\"b\":1,\"a\":[true,false,null]}",
                    "[1.0,1e3,-0,0.1,12345678901234567890,1E-7]",
                    "\"\\\"\\\\\\n\u00e4\u20ac\ud83d\ude00\""
                }) {
            assertEquals(json, parse(json));
        }
    }
}
