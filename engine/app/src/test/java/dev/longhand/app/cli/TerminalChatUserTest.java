package dev.longhand.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** The chat's user on an emulated terminal. */
@Timeout(60)
class TerminalChatUserTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Terminal terminal(String keys) throws IOException {
        return new DumbTerminal(
                "test",
                "ansi",
                new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8)),
                out,
                StandardCharsets.UTF_8);
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void linesAreEdited() throws IOException {
        String left = "\u0002";
        try (ChatUser user =
                new TerminalChatUser(
                        terminal("helo" + left + "l\rit's \"1\\n\"!\r\u0004"), false)) {
            assertEquals("hello", user.read());
            assertEquals("it's \"1\\n\"!", user.read());
            assertNull(user.read(), "Ctrl-D ends");
        }
    }

    @Test
    void pastedLinesAreOneMessage() throws IOException {
        String paste = "\u001b[200~one\ntwo 'x\nthree\u001b[201~";
        try (ChatUser user = new TerminalChatUser(terminal(paste + "\rnext\r"), false)) {
            assertEquals("one\ntwo 'x\nthree", user.read());
            assertEquals("next", user.read());
        }
    }

    @Test
    void altEnterBeginsANewLine() throws IOException {
        try (ChatUser user = new TerminalChatUser(terminal("one\u001b\rtwo\r"), false)) {
            assertEquals("one\ntwo", user.read());
        }
    }

    @Test
    void thoughtsAreDimmedWhereColoursAreAllowed() throws IOException {
        try (ChatUser user = new TerminalChatUser(terminal(""), true)) {
            user.thought("hm");
        }
        assertTrue(printed().contains("\u001b[2mhm\u001b[0m"), printed());
        out.reset();
        try (ChatUser user = new TerminalChatUser(terminal(""), false)) {
            user.thought("hm");
            user.note("note");
        }
        assertFalse(printed().contains("\u001b"), printed());
        assertTrue(printed().contains("hm\nnote\n"), printed());
    }

    @Test
    void aModelCannotControlTheTerminal() throws IOException {
        try (ChatUser user = new TerminalChatUser(terminal(""), false)) {
            user.answer("a\u001b]0;evil\u0007\tb\n\u009b31m");
        }
        assertEquals("a\\u001b]0;evil\\u0007\tb\n\\u009b31m", printed());
    }

    @Test
    void anInterruptCancelsTheAnswer() throws IOException {
        AtomicInteger cancelled = new AtomicInteger();
        try (Terminal terminal = terminal("")) {
            ChatUser user = new TerminalChatUser(terminal, false);
            user.answerBegins(cancelled::incrementAndGet);
            terminal.raise(Terminal.Signal.INT);
            user.answerEnds();
            terminal.raise(Terminal.Signal.INT);
        }
        assertEquals(1, cancelled.get());
    }

    /** The message is still being encoded, say; the default handler would end the process. */
    @Test
    void anInterruptBeforeTheAnswerCancelsItToo() throws IOException {
        AtomicInteger cancelled = new AtomicInteger();
        try (Terminal terminal = terminal("one\rtwo\r")) {
            ChatUser user = new TerminalChatUser(terminal, false);
            assertEquals("one", user.read());
            terminal.raise(Terminal.Signal.INT);
            user.answerBegins(cancelled::incrementAndGet);
            user.answerEnds();
            assertEquals(1, cancelled.get());
            assertEquals("two", user.read());
            user.answerBegins(cancelled::incrementAndGet);
            user.answerEnds();
        }
        assertEquals(1, cancelled.get());
    }
}
