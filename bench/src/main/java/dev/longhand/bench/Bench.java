package dev.longhand.bench;

import dev.longhand.bench.adapters.AdapterReport;
import dev.longhand.bench.checkpoint.CheckpointCommand;
import dev.longhand.bench.cli.CommandLines;
import dev.longhand.bench.generation.DecodeRun;
import dev.longhand.bench.kernels.GpuReport;
import dev.longhand.bench.kernels.KernelReport;
import dev.longhand.bench.kernels.TrafficReport;
import dev.longhand.bench.peers.PeerChart;
import dev.longhand.bench.peers.PeerReport;
import dev.longhand.bench.quality.QualityReport;
import dev.longhand.bench.serving.BatchReport;
import dev.longhand.bench.serving.SpeculationReport;
import dev.longhand.bench.serving.ThoughtReport;
import dev.longhand.bench.summary.ShortReport;
import dev.longhand.engine.error.InputException;

import picocli.CommandLine.Command;

/**
 * The command line of this module: one command for each report. {@code java -jar} runs the JMH
 * benchmarks instead.
 *
 * <pre>java -cp bench/target/benchmarks.jar dev.longhand.bench.Bench COMMAND --help</pre>
 */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Reports about Longhand's speed and accuracy on this machine.",
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
            QualityReport.class,
            TrafficReport.class,
            GpuReport.class,
            CheckpointCommand.class
        })
public final class Bench implements Runnable {
    /** Runs a command and exits with its status. */
    public static void main(String[] arguments) {
        System.exit(CommandLines.run(new Bench(), arguments));
    }

    @Override
    public void run() {
        throw new InputException("name a command; --help lists them");
    }
}
