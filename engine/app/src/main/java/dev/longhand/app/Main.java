package dev.longhand.app;

import dev.longhand.app.cli.ArgumentErrors;
import dev.longhand.app.cli.BatchCommand;
import dev.longhand.app.cli.ChatCommand;
import dev.longhand.app.cli.CompletionCommand;
import dev.longhand.app.cli.CurateCommand;
import dev.longhand.app.cli.EvaluateCommand;
import dev.longhand.app.cli.GenerateCommand;
import dev.longhand.app.cli.InspectCommand;
import dev.longhand.app.cli.JoinCommand;
import dev.longhand.app.cli.MergeCommand;
import dev.longhand.app.cli.OptionNames;
import dev.longhand.app.cli.PerturbCommand;
import dev.longhand.app.cli.ProblemsCommand;
import dev.longhand.app.cli.ScoreCommand;
import dev.longhand.app.cli.ServeCommand;
import dev.longhand.app.cli.StandardStreams;
import dev.longhand.app.cli.TablesCommand;
import dev.longhand.app.cli.TokenizeCommand;
import dev.longhand.app.cli.Utf8Arguments;
import dev.longhand.app.demo.DemoCommand;
import dev.longhand.app.hub.PullCommand;
import dev.longhand.app.stories.StoriesCommand;
import dev.longhand.app.study.ParentWatch;
import dev.longhand.app.study.StudyCommand;
import dev.longhand.app.train.TrainCommand;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.kernels.Device;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Collectors;

/** The {@code longhand} command: exit status 0, 1 on failure, 2 on bad arguments or input. */
@Command(
        name = "longhand",
        version = "longhand 0.1.0",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        description = "Runs Qwen2.5 and its relatives: long chains of thought on the JVM.",
        subcommands = {
            GenerateCommand.class,
            ChatCommand.class,
            ServeCommand.class,
            BatchCommand.class,
            ProblemsCommand.class,
            EvaluateCommand.class,
            ScoreCommand.class,
            PerturbCommand.class,
            TablesCommand.class,
            JoinCommand.class,
            TrainCommand.class,
            StudyCommand.class,
            CurateCommand.class,
            MergeCommand.class,
            PullCommand.class,
            InspectCommand.class,
            TokenizeCommand.class,
            DemoCommand.class,
            StoriesCommand.class,
            CompletionCommand.class,
            HelpCommand.class
        })
public final class Main implements Runnable {
    private static final int FAILURE = 1;
    private static final int BAD_INPUT = 2;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Print the stack trace of an error.")
    private boolean debug;

    @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

    /** Runs a command and exits with its status. */
    public static void main(String[] arguments) {
        ParentWatch.start();
        StandardStreams.printUtf8();
        int status;
        try {
            status = run(Utf8Arguments.of(arguments));
        } catch (InputException e) {
            System.err.println(line(e));
            status = BAD_INPUT;
        }
        System.exit(status);
    }

    /** Runs a command and returns its exit status. */
    static int run(String... arguments) {
        Main main = new Main();
        return new CommandLine(main)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Device.class, Main::device)
                .registerConverter(Path.class, Main::path)
                .setParameterExceptionHandler(Main::badArguments)
                .setExecutionExceptionHandler(main::failed)
                .execute(arguments);
    }

    private static Path path(String name) {
        try {
            return Utf8Arguments.path(name);
        } catch (InputException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    private static Device device(String name) {
        Device device = Device.of(name);
        if (!device.offered()) {
            throw new TypeConversionException(
                    "auto, cpu, cuda, reference, or an emulator on the class path, not " + name);
        }
        return device;
    }

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(),
                "a command is missing; longhand help lists them");
    }

    private static int badArguments(ParameterException e, String[] arguments) {
        return print(e.getCommandLine(), new InputException(ArgumentErrors.word(e)), BAD_INPUT);
    }

    private int failed(Exception e, CommandLine commandLine, ParseResult parsed) {
        if (debug) {
            e.printStackTrace(commandLine.getErr());
        }
        return print(commandLine, e, e instanceof InputException ? BAD_INPUT : FAILURE);
    }

    private static int print(CommandLine commandLine, Exception e, int status) {
        PrintWriter err = commandLine.getErr();
        err.println(line(e));
        err.flush();
        return status;
    }

    /** One line, or two; control characters, which the text of a file may hold, are escaped. */
    private static String line(Exception e) {
        String message = OptionNames.reword(e.getMessage() == null ? e.toString() : e.getMessage());
        return "longhand: "
                + message.lines().limit(2).map(ErrorText::escape).collect(Collectors.joining("\n"));
    }
}
