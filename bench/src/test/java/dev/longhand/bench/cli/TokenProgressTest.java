package dev.longhand.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** A long generation says how far it is, not more often than asked. */
class TokenProgressTest {
    @Test
    void aLineFromTimeToTime() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        TokenProgress progress = new TokenProgress(out, 10_000_000_000L, 300);
        long start = System.nanoTime();
        progress.generated(50, start + 1_000_000_000L);
        progress.generated(100, start + 20_000_000_000L);
        progress.generated(101, start + 20_100_000_000L);
        assertEquals(
                "100 of 300 tokens, 5.0 tokens/s, about 40 s left\n",
                bytes.toString(StandardCharsets.UTF_8));
    }
}
