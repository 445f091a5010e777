package dev.longhand.bench.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.kernels.BackendUnavailableException;
import dev.longhand.kernels.Device;

import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

import java.util.List;

/**
 * Runs the commands of this module with exit status 0, 1 on failure or 2 on bad arguments or input.
 */
public final class CommandLines {
    private static final int FAILURE = 1;
    private static final int BAD_INPUT = 2;
    private static final int SUGGESTIONS_MAX = 3;
    private static final int SAME_BEGINNING = 3;

    private CommandLines() {}

    /**
     * Runs a command and returns its exit status. An error of the user prints one line, any other
     * its stack trace.
     */
    public static int run(Runnable command, String... arguments) {
        return new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Device.class, Device::of)
                .setParameterExceptionHandler((e, given) -> print(e.getCommandLine(), e, BAD_INPUT))
                .setExecutionExceptionHandler(
                        (e, line, parsed) -> {
                            if (e instanceof InputException
                                    || e instanceof BackendUnavailableException) {
                                return print(line, e, BAD_INPUT);
                            }
                            e.printStackTrace(line.getErr());
                            return FAILURE;
                        })
                .execute(arguments);
    }

    private static int print(CommandLine line, Exception e, int status) {
        String message = e instanceof ParameterException wrong ? word(wrong) : "" + e.getMessage();
        line.getErr().println(line.getCommandName() + ": " + ErrorText.escape(message));
        line.getErr().flush();
        return status;
    }

    /** A misspelt option comes before one that is missing. */
    private static String word(ParameterException error) {
        CommandLine line = error.getCommandLine();
        List<String> unmatched = line.getUnmatchedArguments();
        if (error instanceof MissingParameterException && !unmatched.isEmpty()) {
            return word(new UnmatchedArgumentException(line, unmatched));
        }
        if (error instanceof UnmatchedArgumentException unknown) {
            String given = unknown.getUnmatched().getFirst();
            List<String> meant =
                    unknown.getSuggestions().stream()
                            .filter(name -> name.regionMatches(0, given, 0, SAME_BEGINNING))
                            .limit(SUGGESTIONS_MAX)
                            .toList();
            return "there is no "
                    + given
                    + (meant.isEmpty()
                            ? "; --help lists what there is"
                            : "; did you mean " + String.join(" or ", meant) + "?");
        }
        return "" + error.getMessage();
    }
}
