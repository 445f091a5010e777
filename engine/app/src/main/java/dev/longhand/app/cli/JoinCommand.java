package dev.longhand.app.cli;

import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.JsonLinesWriter;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import tools.jackson.databind.node.ObjectNode;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code longhand join}: several files of JSON lines as one. */
@Command(
        name = "join",
        description = {
            "Writes the lines of several files as one file, in their order.",
            "With --samples, generations of the second file follow as further samples, and so on."
        })
public final class JoinCommand implements Callable<Integer> {
    @Option(
            names = "--input",
            required = true,
            paramLabel = "FILE",
            description = "JSONL, also compressed by gzip; repeatable.")
    private List<Path> inputs = List.of();

    @Option(
            names = "--samples",
            description = "The inputs are generations of the same problems by several runs.")
    private boolean samples;

    @Option(
            names = "--first",
            paramLabel = "N",
            defaultValue = "9223372036854775807",
            description = "The number of lines that are taken of each file (default: all).")
    private long first;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "JSONL.")
    private Path out = Path.of("");

    @Override
    public Integer call() {
        try (JsonLinesWriter writer = JsonLinesWriter.create(out)) {
            int offset = 0;
            for (Path input : inputs) {
                offset += copy(input, writer, offset);
            }
            writer.commit();
        }
        return 0;
    }

    /** Copies lines; returns the number of samples per problem. */
    private int copy(Path input, JsonLinesWriter writer, int offset) {
        int count = 0;
        try (JsonLines<JsonLine> lines = JsonLines.open(input, line -> line)) {
            for (JsonLine line = lines.next();
                    line != null && lines.number() <= first;
                    line = lines.next()) {
                ObjectNode json = line.object();
                if (samples) {
                    int sample = Generation.of(line).sample();
                    count = Math.max(count, sample + 1);
                    json.put("sample", sample + offset);
                }
                writer.write(JsonLine.format(json));
            }
        }
        return count;
    }
}
