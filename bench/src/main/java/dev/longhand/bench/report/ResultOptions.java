package dev.longhand.bench.report;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/** Where a command reports its results: on standard output, and in a file if one is named. */
public final class ResultOptions {
    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Appends each result to this file, too, as one line of JSON.")
    private @Nullable Path file;

    /**
     * Prints results as Markdown tables, and appends them to the file.
     *
     * @param title the title of the report
     */
    public void report(String title, List<BenchResult> results) {
        Provenance here = Provenance.here("");
        System.out.print(new Markdown(title, here).results(results).text());
        try {
            if (file != null) {
                History history = new History(file);
                for (BenchResult result : results) {
                    history.append(here, result);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
