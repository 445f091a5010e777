package dev.longhand.app.cli;

import dev.longhand.engine.generation.ChatMessage;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** A system message and exchanges, each a question with its answer. */
final class Conversation {
    /** A question with its answer. */
    private record Exchange(String question, String answer) {}

    private @Nullable String system;
    private final List<Exchange> exchanges = new ArrayList<>();

    /** Starts with a system message, or with none. */
    Conversation(@Nullable String system) {
        this.system = system;
    }

    /** Returns the system message, or null. */
    @Nullable String system() {
        return system;
    }

    /** Replaces the system message; null removes it. */
    void instruct(@Nullable String text) {
        system = text;
    }

    /** Adds an exchange. */
    void add(String question, String answer) {
        exchanges.add(new Exchange(question, answer));
    }

    /** Forgets all exchanges. */
    void reset() {
        exchanges.clear();
    }

    /** Forgets the oldest exchange; false if there is none. */
    boolean forgetOldest() {
        if (exchanges.isEmpty()) {
            return false;
        }
        exchanges.removeFirst();
        return true;
    }

    /** Forgets the last exchange and returns its question; null if there is none. */
    @Nullable String takeLast() {
        return exchanges.isEmpty() ? null : exchanges.removeLast().question;
    }

    /** Returns everything that was said. */
    List<ChatMessage> messages() {
        List<ChatMessage> messages = new ArrayList<>();
        if (system != null) {
            messages.add(ChatMessage.system(system));
        }
        for (Exchange each : exchanges) {
            messages.add(ChatMessage.user(each.question));
            messages.add(ChatMessage.assistant(each.answer));
        }
        return messages;
    }

    /** Returns everything that was said, and a question. */
    List<ChatMessage> messages(String question) {
        List<ChatMessage> messages = messages();
        messages.add(ChatMessage.user(question));
        return messages;
    }

    /** Returns a question as it is asked when all exchanges are forgotten. */
    List<ChatMessage> alone(String question) {
        return new Conversation(system).messages(question);
    }
}
