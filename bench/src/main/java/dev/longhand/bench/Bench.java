package dev.longhand.bench;

import dev.longhand.bench.adapters.AdapterReport;
import dev.longhand.bench.checkpoint.CheckpointCommand;
import dev.longhand.bench.cli.CommandLines;
import dev.longhand.bench.cli.CompletionCommand;
import dev.longhand.bench.generation.DecodeRun;
import dev.longhand.bench.generation.StepReport;
import dev.longhand.bench.jmh.JmhCommand;
import dev.longhand.bench.kernels.DeviceReport;
import dev.longhand.bench.kernels.GpuReport;
import dev.longhand.bench.kernels.KernelReport;
import dev.longhand.bench.kernels.TrafficReport;
import dev.longhand.bench.kit.KitCommand;
import dev.longhand.bench.peers.PeerChart;
import dev.longhand.bench.peers.PeerReport;
import dev.longhand.bench.quality.QualityReport;
import dev.longhand.bench.quality.ScoreReport;
import dev.longhand.bench.serving.BatchReport;
import dev.longhand.bench.serving.SpeculationReport;
import dev.longhand.bench.serving.ThoughtReport;
import dev.longhand.bench.summary.ShortReport;
import dev.longhand.bench.training.TrainingReport;
import dev.longhand.engine.error.InputException;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

import java.io.IOException;
import java.util.Set;

/**
 * The command line of this module: one command for each report. Any other first argument is one of
 * JMH, which runs the benchmarks.
 *
 * <pre>java -jar bench/target/benchmarks.jar (COMMAND | BENCHMARK -p NAME=VALUE ...)</pre>
 */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        version = "bench 0.1.0",
        description = "Reports about Longhand's speed and accuracy on this machine.",
        footer = {
            "",
            "Or: bench BENCHMARK [-p NAME=VALUE]... runs a JMH benchmark; -l lists them with their",
            "names, -lp with their parameters, -h lists JMH's options."
        },
        subcommands = {
            ShortReport.class,
            PeerReport.class,
            PeerChart.class,
            DecodeRun.class,
            KernelReport.class,
            BatchReport.class,
            ThoughtReport.class,
            SpeculationReport.class,
            AdapterReport.class,
            TrainingReport.class,
            QualityReport.class,
            ScoreReport.class,
            TrafficReport.class,
            GpuReport.class,
            DeviceReport.class,
            StepReport.class,
            KitCommand.class,
            CheckpointCommand.class,
            CompletionCommand.class,
            HelpCommand.class
        })
public final class Bench implements Runnable {
    private static final Set<String> OWN_OPTIONS = Set.of("--help", "--version", "-V");

    /** Runs a command or benchmarks, and exits with the status. */
    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments));
    }

    /** Runs a command, or what is none as arguments of JMH; returns the exit status. */
    static int run(String... arguments) throws IOException {
        Bench bench = new Bench();
        boolean own =
                arguments.length == 0
                        || OWN_OPTIONS.contains(arguments[0])
                        || new CommandLine(bench).getSubcommands().containsKey(arguments[0]);
        return own ? CommandLines.run(bench, arguments) : JmhCommand.run(arguments);
    }

    @Override
    public void run() {
        throw new InputException("name a command or a benchmark; --help lists them");
    }
}
