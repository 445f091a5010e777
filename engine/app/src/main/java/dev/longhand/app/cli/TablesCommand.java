package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.chart.StudyCharts;
import dev.longhand.study.table.OwnRuns;
import dev.longhand.study.table.StudyTable;
import dev.longhand.study.table.TableText;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code longhand tables}: prints the study's tables, with one's own runs beside them. */
@Command(
        name = "tables",
        description = {
            "Prints the study's tables 1 to 7, with your own runs beside its published numbers.",
            "Runs that belong into a table have its names: original, correct, short, wrong-100,"
                    + " digits-50, delete-33, sft-17k-qwq and so on, as --format csv shows them."
        })
public final class TablesCommand implements Callable<Integer> {
    @Option(
            names = "--run",
            paramLabel = "NAME=FILE",
            description = "A summary that score wrote; repeatable, also for the same run.")
    private List<String> named = List.of();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "markdown",
            description = "What is printed: ${COMPLETION-CANDIDATES}.")
    private Format format = Format.MARKDOWN;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Writes tables in all formats and charts there, instead of printing.")
    private @Nullable Path out;

    /** The format of the output. */
    enum Format {
        MARKDOWN,
        CSV,
        JSON
    }

    @Override
    public Integer call() throws IOException {
        OwnRuns runs = new OwnRuns();
        for (String each : named) {
            int split = each.lastIndexOf('=');
            if (split < 1) {
                throw new InputException("--run is NAME=FILE, not " + each);
            }
            runs.add(each.substring(0, split), Utf8Arguments.path(each.substring(split + 1)));
        }
        List<StudyTable> tables =
                StudyTable.published().stream().map(each -> each.with(runs)).toList();
        TableText text = new TableText(tables, runs);
        if (out == null) {
            new Console()
                    .print(
                            switch (format) {
                                case MARKDOWN -> text.markdown();
                                case CSV -> text.csv();
                                case JSON -> text.json();
                            });
            return 0;
        }
        Files.createDirectories(out);
        Files.writeString(out.resolve("tables.md"), text.markdown());
        Files.writeString(out.resolve("tables.csv"), text.csv());
        Files.writeString(out.resolve("tables.json"), text.json());
        System.setProperty("java.awt.headless", "true"); // images need no display
        new StudyCharts(tables, runs).write(out).forEach(System.err::println);
        System.err.println(out + ": tables and charts are written");
        return 0;
    }
}
