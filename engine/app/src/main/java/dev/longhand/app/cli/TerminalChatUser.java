package dev.longhand.app.cli;

import dev.longhand.engine.file.ErrorText;

import org.jline.keymap.KeyMap;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A chat on a terminal, edited by JLine: history, completion of commands, pasted text of several
 * lines as one message. Ctrl-C stops an answer, Ctrl-D ends the chat.
 */
final class TerminalChatUser implements ChatUser {
    private static final String DIM = "\u001b[2m";
    private static final String PLAIN = "\u001b[0m";
    private static final String NEW_LINE = "insert-new-line";

    private final Terminal terminal;
    private final LineReader reader;
    private final boolean colours;
    private @Nullable Attributes typing;
    private final AtomicReference<@Nullable Runnable> cancel = new AtomicReference<>();
    private volatile boolean interrupted; // since a message was read
    private boolean lineOpen;

    /**
     * Takes over a terminal.
     *
     * @param colours whether thoughts and remarks are dimmed
     */
    TerminalChatUser(Terminal terminal, boolean colours) {
        this.terminal = terminal;
        this.colours = colours;
        // The reader has a handler of its own while it reads. The default one ends the process.
        terminal.handle(Terminal.Signal.INT, signal -> interrupt());
        DefaultParser wholeLines = new DefaultParser();
        wholeLines.setEscapeChars(null);
        wholeLines.setQuoteChars(new char[0]);
        reader =
                LineReaderBuilder.builder()
                        .terminal(terminal)
                        .appName("longhand")
                        .parser(wholeLines)
                        .completer(new StringsCompleter(ChatCommands.names()))
                        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                        .variable(LineReader.SECONDARY_PROMPT_PATTERN, "  ")
                        .build();
        reader.getWidgets()
                .put(
                        NEW_LINE,
                        () -> {
                            reader.getBuffer().write('\n');
                            return true;
                        });
        Objects.requireNonNull(reader.getKeyMaps().get(LineReader.MAIN))
                .bind(new Reference(NEW_LINE), KeyMap.alt('\r'), KeyMap.alt('\n'));
    }

    /** Takes over the process's terminal. */
    static TerminalChatUser open() throws IOException {
        Terminal terminal =
                TerminalBuilder.builder()
                        .system(true)
                        .dumb(true)
                        .encoding(StandardCharsets.UTF_8)
                        .build();
        return new TerminalChatUser(terminal, StandardStreams.coloursAllowed());
    }

    /** Ctrl-C cancels the answer under way, or the one that begins next. */
    private void interrupt() {
        interrupted = true;
        Runnable action = cancel.get();
        if (action != null) {
            action.run();
        }
    }

    @Override
    public @Nullable String read() {
        while (true) {
            try {
                String line = reader.readLine("> ");
                // The reader's own handler interrupts this thread, also right after the line's end.
                interrupted = Thread.interrupted();
                return line;
            } catch (UserInterruptException e) {
                note("Ctrl-D ends the chat, /help lists commands");
            } catch (EndOfFileException e) {
                return null;
            }
        }
    }

    @Override
    public void answer(String piece) {
        print(printable(piece));
    }

    @Override
    public void thought(String piece) {
        print(dim(printable(piece)));
    }

    @Override
    public void note(String line) {
        endLine();
        print(dim(printable(line)) + "\n");
    }

    /** Keys that are typed during an answer belong to the next message and are not echoed. */
    @Override
    public void answerBegins(Runnable action) {
        cancel.set(action);
        if (interrupted) {
            action.run();
        }
        Attributes before = terminal.getAttributes();
        Attributes silent = new Attributes(before);
        silent.setLocalFlag(Attributes.LocalFlag.ECHO, false);
        terminal.setAttributes(silent);
        typing = before;
    }

    @Override
    public void answerEnds() {
        if (typing != null) {
            terminal.setAttributes(typing);
        }
        cancel.set(null);
        endLine();
    }

    private void endLine() {
        if (lineOpen) {
            print("\n");
        }
    }

    private void print(String text) {
        if (!text.isEmpty()) {
            terminal.writer().print(text);
            terminal.flush();
            String plain = text.endsWith(PLAIN) ? text.substring(0, text.length() - 4) : text;
            lineOpen = !plain.endsWith("\n");
        }
    }

    private String dim(String text) {
        return colours && !text.isEmpty() ? DIM + text + PLAIN : text;
    }

    /** Text that a model or a file has written must not control the terminal. */
    private static String printable(String text) {
        StringBuilder printable = new StringBuilder();
        for (String each : text.splitWithDelimiters("[\\n\\t]", 0)) {
            boolean kept = each.equals("\n") || each.equals("\t");
            printable.append(kept ? each : ErrorText.escapeControls(each));
        }
        return printable.toString();
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
