package dev.longhand.engine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Text of files in error messages. */
class ErrorTextTest {
    @Test
    void whatATerminalWouldObeyIsEscaped() {
        assertEquals("a\\u000a\\u001b[31m\\u009b", ErrorText.line("a\n\u001b[31m\u009b"));
        assertEquals(
                "\\u202e\\u2028\\u2029\\u200b\\ufeff",
                ErrorText.line("\u202e\u2028\u2029\u200b\ufeff"));
        assertEquals("\\ue0041 \\ud800", ErrorText.line("\udb40\udc41 \ud800"));
        assertEquals("ü 漢 \ud83d\ude00 \\", ErrorText.line("ü 漢 \ud83d\ude00 \\"));
    }

    @Test
    void longTextIsCutButNotWithinACharacter() {
        assertEquals("x".repeat(120), ErrorText.line("x".repeat(120)));
        assertEquals("x".repeat(120) + "…", ErrorText.line("x".repeat(121)));
        String split = "x".repeat(119) + "\ud83d\ude00";
        assertEquals("x".repeat(119) + "…", ErrorText.line(split + "y"));
        assertEquals("\"" + "x".repeat(120) + "…\"", ErrorText.quote("x".repeat(500)));
    }
}
