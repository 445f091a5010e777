package dev.longhand.app.cli;

import dev.longhand.service.EditDistance;

import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Words errors of arguments, with what was probably meant. */
public final class ArgumentErrors {
    private static final int SUGGESTIONS_MAX = 3;

    private ArgumentErrors() {}

    /** Returns one or two lines. A misspelt option comes before one that is missing. */
    public static String word(ParameterException error) {
        CommandLine command = error.getCommandLine();
        List<String> unmatched = command.getUnmatchedArguments();
        if (error instanceof MissingParameterException && !unmatched.isEmpty()) {
            return word(new UnmatchedArgumentException(command, unmatched));
        }
        String message = String.valueOf(error.getMessage());
        if (!(error instanceof UnmatchedArgumentException unknown)) {
            return message;
        }
        String first = unknown.getUnmatched().getFirst();
        boolean option = first.startsWith("-");
        String said =
                option
                        ? "there is no option %s".formatted(first)
                        : command.getSubcommands().isEmpty()
                                ? "the argument '%s' is one too many".formatted(first)
                                : "there is no command '%s'".formatted(first);
        List<String> meant =
                nearest(
                        option ? first.replaceFirst("=.*", "") : first,
                        option
                                ? command.getCommandSpec().optionsMap().keySet()
                                : command.getSubcommands().keySet());
        return said
                + (meant.isEmpty()
                        ? "; see " + command.getCommandSpec().qualifiedName() + " --help"
                        : "\nDid you mean " + String.join(" or ", meant) + "?");
    }

    /** Returns the names that a few typing errors turn into a given one, nearest first. */
    static List<String> nearest(String given, Collection<String> names) {
        int errorsMax = Math.max(1, given.length() / 3);
        return names.stream()
                .filter(name -> name.length() > 2 && EditDistance.between(given, name) <= errorsMax)
                .sorted(Comparator.comparingInt(name -> EditDistance.between(given, name)))
                .limit(SUGGESTIONS_MAX)
                .toList();
    }
}
