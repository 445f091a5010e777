package dev.longhand.app.cli;

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
                .filter(name -> name.length() > 2 && errors(given, name) <= errorsMax)
                .sorted(Comparator.comparingInt(name -> errors(given, name)))
                .limit(SUGGESTIONS_MAX)
                .toList();
    }

    /** The Levenshtein distance, with two letters that changed places as one error. */
    private static int errors(String given, String name) {
        int[][] least = new int[given.length() + 1][name.length() + 1];
        for (int i = 0; i <= given.length(); i++) {
            for (int j = 0; j <= name.length(); j++) {
                least[i][j] = i == 0 || j == 0 ? i + j : errors(given, name, least, i, j);
            }
        }
        return least[given.length()][name.length()];
    }

    private static int errors(String given, String name, int[][] least, int i, int j) {
        boolean equal = given.charAt(i - 1) == name.charAt(j - 1);
        int substituted = least[i - 1][j - 1] + (equal ? 0 : 1);
        int errors = Math.min(substituted, 1 + Math.min(least[i - 1][j], least[i][j - 1]));
        boolean swapped =
                i > 1
                        && j > 1
                        && given.charAt(i - 1) == name.charAt(j - 2)
                        && given.charAt(i - 2) == name.charAt(j - 1);
        return swapped ? Math.min(errors, least[i - 2][j - 2] + 1) : errors;
    }
}
