package dev.longhand.app.cli;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A chat over pipes and files: a message a line, answers on standard output, remarks on standard
 * error.
 */
final class PlainChatUser implements ChatUser {
    private final BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    private final Console out = new Console();

    @Override
    public @Nullable String read() throws IOException {
        return in.readLine();
    }

    @Override
    public void answer(String piece) {
        out.print(piece);
    }

    @Override
    public void thought(String piece) {
        out.print(piece);
    }

    @Override
    public void note(String line) {
        System.err.println(line);
    }

    @Override
    public void answerBegins(Runnable cancel) {
        // a signal ends the process
    }

    @Override
    public void answerEnds() {
        out.println("");
    }

    @Override
    public void close() {
        // the standard streams stay open
    }
}
