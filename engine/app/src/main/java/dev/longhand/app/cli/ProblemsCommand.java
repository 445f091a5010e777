package dev.longhand.app.cli;

import dev.longhand.study.benchmark.BenchmarkFile;
import dev.longhand.study.benchmark.MgsmLanguage;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code longhand problems}: converts the file of a public benchmark. */
@Command(
        name = "problems",
        description = "Converts a public benchmark's JSONL into a file of problems.")
public final class ProblemsCommand implements Callable<Integer> {
    @Option(
            names = "--benchmark",
            required = true,
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES}.")
    private BenchmarkFile benchmark = BenchmarkFile.MATH500;

    @Option(
            names = "--input",
            required = true,
            paramLabel = "FILE",
            description = "The benchmark's JSONL, also compressed by gzip.")
    private Path input = Path.of("");

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of problems.")
    private Path out = Path.of("");

    @Option(
            names = "--language",
            paramLabel = "CODE",
            description = "The language of an MGSM file: ${COMPLETION-CANDIDATES}.")
    private @Nullable MgsmLanguage language;

    @Override
    public Integer call() {
        System.err.printf("%s: %d problems%n", out, benchmark.convert(input, out, language));
        return 0;
    }
}
