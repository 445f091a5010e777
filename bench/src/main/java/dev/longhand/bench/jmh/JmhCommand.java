package dev.longhand.bench.jmh;

import dev.longhand.engine.error.InputException;

import org.openjdk.jmh.Main;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;

/** Runs JMH benchmarks: arguments are JMH's, and are checked before anything starts. */
public final class JmhCommand {
    /** Option of a benchmark's JVM: it calls native code. */
    public static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    /** Option of a benchmark's JVM: JMH itself uses a deprecated class and would warn of it. */
    public static final String UNSAFE_ACCESS = "--sun-misc-unsafe-memory-access=allow";

    private static final int FAILURE = 1;
    private static final int BAD_INPUT = 2;

    private JmhCommand() {}

    /** Runs benchmarks and returns the exit status: 0, 1 on failure, 2 on bad arguments. */
    public static int run(String... arguments) throws IOException {
        try {
            CommandLineOptions options = new CommandLineOptions(arguments);
            if (options.shouldHelp()
                    || options.shouldList()
                    || options.shouldListWithParams()
                    || options.shouldListProfilers()
                    || options.shouldListResultFormats()) {
                Main.main(arguments);
                return 0;
            }
            OutputFormat silent =
                    OutputFormatFactory.createFormatInstance(
                            new PrintStream(OutputStream.nullOutputStream()), VerboseMode.SILENT);
            BenchmarkPlan plan =
                    BenchmarkPlan.of(
                            options, parameters(arguments), BenchmarkList.defaultList(), silent);
            System.err.println(plan.text());
            run(options);
            return 0;
        } catch (CommandLineOptionException | InputException e) {
            System.err.println("bench: " + e.getMessage());
            return BAD_INPUT;
        } catch (RunnerException e) {
            System.err.println("bench: " + e.getMessage());
            return FAILURE;
        }
    }

    private static void run(CommandLineOptions options) throws IOException, RunnerException {
        PrintStream file = null;
        if (options.getOutput().hasValue()) {
            OutputStream bytes = Files.newOutputStream(Path.of(options.getOutput().get()));
            file = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        }
        PrintStream out = narrow(file == null ? System.out : file);
        try {
            VerboseMode verbosity = options.verbosity().orElse(VerboseMode.NORMAL);
            new Runner(
                            new OptionsBuilder()
                                    .parent(options)
                                    .addProfiler(FigureProfiler.class)
                                    .build(),
                            format(out, verbosity))
                    .run();
        } finally {
            out.flush();
            if (file != null) {
                file.close();
            }
        }
    }

    private static PrintStream narrow(PrintStream out) {
        return new PrintStream(new NarrowStream(out), true, StandardCharsets.UTF_8);
    }

    /** JMH's format with the results as blocks of lines. */
    private static OutputFormat format(PrintStream out, VerboseMode verbosity) {
        OutputFormat format = OutputFormatFactory.createFormatInstance(out, verbosity);
        return (OutputFormat)
                Proxy.newProxyInstance(
                        OutputFormat.class.getClassLoader(),
                        new Class<?>[] {OutputFormat.class},
                        (proxy, method, given) -> {
                            if (method.getName().equals("endRun")) {
                                @SuppressWarnings("unchecked") // its only parameter
                                Collection<RunResult> runs = (Collection<RunResult>) given[0];
                                out.print(JmhResults.text(runs));
                                return null;
                            }
                            try {
                                return method.invoke(format, given);
                            } catch (InvocationTargetException e) {
                                throw Objects.requireNonNull(e.getCause());
                            }
                        });
    }

    /** The names of the parameters among JMH's arguments: {@code -p name=value}. */
    static Set<String> parameters(String... arguments) {
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; i < arguments.length; i++) {
            String pair = "";
            if (arguments[i].equals("-p") && i + 1 < arguments.length) {
                pair = arguments[i + 1];
            } else if (arguments[i].startsWith("-p") && !arguments[i].startsWith("-prof")) {
                pair = arguments[i].substring(2);
            }
            if (pair.contains("=")) {
                names.add(pair.substring(0, pair.indexOf('=')));
            }
        }
        return names;
    }
}
