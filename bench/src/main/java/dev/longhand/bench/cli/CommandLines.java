package dev.longhand.bench.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.BackendUnavailableException;
import dev.longhand.kernels.Device;

import picocli.CommandLine;

/**
 * Runs the commands of this module with exit status 0, 1 on failure or 2 on bad arguments or input.
 */
public final class CommandLines {
    private static final int FAILURE = 1;
    private static final int BAD_INPUT = 2;

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
        line.getErr().println(line.getCommandName() + ": " + e.getMessage());
        line.getErr().flush();
        return status;
    }
}
