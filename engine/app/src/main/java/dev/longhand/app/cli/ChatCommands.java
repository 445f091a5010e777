package dev.longhand.app.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The commands within a chat; a line that begins with the slash of one is no message. */
enum ChatCommands {
    HELP("", "lists these commands"),
    RESET("", "forgets the conversation; the system message stays"),
    SYSTEM("[TEXT]", "shows the system message, or sets it; none removes it"),
    ADAPTER("[NAME]", "lists the adapters, or applies one; none applies the base"),
    REGENERATE("", "answers the last message anew"),
    SAVE("FILE", "writes the conversation as JSON messages"),
    THOUGHTS("", "folds thoughts into one line, or unfolds them, the last one too"),
    EXIT("", "ends the chat, as Ctrl-D does");

    private static final Pattern COMMAND = Pattern.compile("/([a-z]+)(?:\\s+(.*))?");

    private final String argument;
    private final String effect;

    ChatCommands(String argument, String effect) {
        this.argument = argument;
        this.effect = effect;
    }

    /**
     * A line that asks for a command.
     *
     * @param name as typed, without the slash
     * @param argument the rest, possibly empty
     */
    record Call(String name, String argument) {
        /** The command of that name, if there is one. */
        Optional<ChatCommands> command() {
            return Arrays.stream(values()).filter(each -> each.word().equals(name)).findFirst();
        }
    }

    /** Reads a line; empty if it is a message to the model. */
    static Optional<Call> parse(String line) {
        Matcher call = COMMAND.matcher(line.strip());
        return call.matches()
                ? Optional.of(
                        new Call(call.group(1), call.group(2) == null ? "" : call.group(2).strip()))
                : Optional.empty();
    }

    /** The names with their slashes. */
    static List<String> names() {
        return Arrays.stream(values()).map(each -> "/" + each.word()).toList();
    }

    private String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** One line of help. */
    String help() {
        return "%-18s %s".formatted("/" + word() + " " + argument, effect);
    }
}
