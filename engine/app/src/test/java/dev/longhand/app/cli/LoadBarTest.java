package dev.longhand.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Progress on a terminal and elsewhere. */
class LoadBarTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private void await(String part) throws InterruptedException {
        for (int i = 0; i < 500 && !printed().contains(part); i++) {
            Thread.sleep(10);
        }
        assertTrue(printed().contains(part), printed());
    }

    @Test
    void nothingIsLeftOfABarAndNothingFollowsItsEnd() throws InterruptedException {
        try (LoadBar bar = new LoadBar(out, true, 1, "loading", "", 1)) {
            bar.loaded(1, 4);
            await("loading [=======  ");
            bar.finish();
            out.print("result");
            bar.loaded(4, 4);
        }
        Thread.sleep(600);
        assertTrue(printed().endsWith("\r\u001b[Kresult"), printed());
    }

    @Test
    void aRemarkIsNotOverwritten() throws InterruptedException {
        try (LoadBar bar = new LoadBar(out, true, 1, "loading", "", 1)) {
            bar.loaded(1, 4);
            await("loading");
            bar.noted("remark");
        }
        assertTrue(printed().contains("\r\u001b[Kremark\n"), printed());
    }

    @Test
    void withoutATerminalThereIsALineFromTimeToTime() throws InterruptedException {
        try (LoadBar bar = new LoadBar(out, false, 20, "answering", " answers", 1)) {
            bar.loaded(10, 40);
            bar.loaded(20, 40);
            await(" answers/s\n");
            String line =
                    "answering: 50 %, 20 of 40 answers, 0 s, about 0 s left, [\\d,.]+ answers/s";
            assertTrue(printed().lines().anyMatch(each -> each.matches(line)), printed());
        }
        assertEquals(-1, printed().indexOf('\r'), printed());
    }

    @Test
    void shortWorkPrintsNothing() {
        try (LoadBar bar = new LoadBar(out, false, 10_000, "loading", "", 1)) {
            bar.loaded(1, 1);
        }
        assertEquals("", printed());
    }
}
