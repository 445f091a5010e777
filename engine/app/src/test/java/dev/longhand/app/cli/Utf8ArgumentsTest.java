package dev.longhand.app.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;

/** Arguments keep the bytes that were typed, or are refused. */
class Utf8ArgumentsTest {
    private static byte[] commandLine(String... all) {
        return (String.join("\0", all) + "\0").getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void whatTheLocaleReplacedIsRestored() {
        byte[] typed = commandLine("java", "-jar", "x.jar", "generate", "--prompt", "Grüße 日");
        assertArrayEquals(
                new String[] {"generate", "--prompt", "Grüße 日"},
                Utf8Arguments.restore(typed, "generate", "--prompt", "Gr????e ???"));
    }

    @Test
    void argumentsOfAnotherLauncherStay() {
        byte[] typed = commandLine("launcher", "-x");
        assertArrayEquals(
                new String[] {"a", "b?"}, Utf8Arguments.restore(typed, "a", "b?"), "none match");
        assertArrayEquals(
                new String[] {"a", "b", "c"}, Utf8Arguments.restore(typed, "a", "b", "c"));
        assertThrows(
                InputException.class, () -> Utf8Arguments.restore(typed, "a", "damaged \uFFFD"));
    }

    @Test
    void otherBytesAreRefused() {
        byte[] typed = {'j', 0, 'a', (byte) 0xFF, 0};
        assertThrows(InputException.class, () -> Utf8Arguments.restore(typed, "a?"));
    }
}
