package dev.longhand.app.cli;

import org.jspecify.annotations.Nullable;

import java.io.IOException;

/** The user's side of a chat: messages come from it, answers and remarks go to it. */
interface ChatUser extends AutoCloseable {
    /** Opens the terminal, or the plain standard streams if one of them is not a terminal. */
    static ChatUser open() throws IOException {
        return StandardStreams.interactive() ? TerminalChatUser.open() : new PlainChatUser();
    }

    /** Waits for the next message or command; null if the user ends the chat. */
    @Nullable String read() throws IOException;

    /** Prints a piece of an answer. */
    void answer(String piece);

    /** Prints a piece of a thought. */
    void thought(String piece);

    /** Prints a remark on a line of its own. */
    void note(String line);

    /**
     * Prepares for an answer.
     *
     * @param cancel stops the answer; any thread may run it, also after the end
     */
    void answerBegins(Runnable cancel);

    /** Ends an answer's output. */
    void answerEnds();

    @Override
    void close() throws IOException;
}
