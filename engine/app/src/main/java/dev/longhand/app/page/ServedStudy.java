package dev.longhand.app.page;

import dev.longhand.engine.error.InputException;
import dev.longhand.service.http.WebResource;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Summary;
import dev.longhand.study.result.AnswerFilter;
import dev.longhand.study.result.AnswerPages;
import dev.longhand.study.result.ScoredRun;
import dev.longhand.study.result.StudyResults;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** The results of a study for the page, read anew for each request: a study may still run. */
final class ServedStudy {
    private static final String PREFIX = "/study/";
    private static final String CHARTS = PREFIX + "charts/";

    private final Path folder;

    ServedStudy(Path folder) {
        this.folder = folder;
        StudyResults.read(folder); // reports an error before the server starts
    }

    @Nullable WebResource find(String path, Map<String, String> query) throws IOException {
        if (path.startsWith(CHARTS)) {
            return chart(path.substring(CHARTS.length()));
        }
        return switch (path) {
            case PREFIX + "results" -> ServedPage.json(results());
            case PREFIX + "tables" -> tables();
            case PREFIX + "answers" -> ServedPage.json(answers(query));
            default -> null;
        };
    }

    /** The index, with the summary of each run and the text of the report. */
    private ObjectNode results() throws IOException {
        StudyResults results = StudyResults.read(folder);
        ObjectNode json = results.json();
        if (!results.report().isEmpty()) {
            json.put("report", Files.readString(AnswerPages.inside(folder, results.report())));
        }
        ArrayNode runs = json.putArray("runs");
        for (ScoredRun run : results.runs()) {
            Path file = AnswerPages.inside(folder, run.summary());
            for (Summary summary : JsonLines.readAll(file, Summary::of)) {
                ObjectNode each = runs.addObject();
                each.put("row", run.row());
                each.put("benchmark", summary.benchmark());
                each.set("summary", summary.json());
            }
        }
        return json;
    }

    private @Nullable WebResource tables() throws IOException {
        String file = StudyResults.read(folder).tables();
        return file.isEmpty()
                ? null
                : new WebResource(
                        "application/json", Files.readAllBytes(AnswerPages.inside(folder, file)));
    }

    private @Nullable WebResource chart(String name) throws IOException {
        return StudyResults.read(folder).charts().contains(name)
                ? new WebResource(
                        "image/svg+xml", Files.readAllBytes(AnswerPages.inside(folder, name)))
                : null;
    }

    private ObjectNode answers(Map<String, String> query) {
        String other = query.getOrDefault("other", "");
        return new AnswerPages(folder)
                .page(
                        new AnswerPages.Choice(
                                query.getOrDefault("row", ""),
                                query.getOrDefault("benchmark", ""),
                                filter(query.getOrDefault("show", "all")),
                                other.isEmpty() ? null : other,
                                number(query, "from", 0, Integer.MAX_VALUE),
                                number(query, "count", 10, AnswerPages.COUNT_MAX)));
    }

    private static AnswerFilter filter(String name) {
        return Arrays.stream(AnswerFilter.values())
                .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new InputException("show: there is no such filter"));
    }

    private static int number(Map<String, String> query, String name, int absent, int max) {
        String text = query.get(name);
        if (text == null) {
            return absent;
        }
        if (!text.matches("\\d{1,9}") || Integer.parseInt(text) > max) {
            throw new InputException("%s: is a number from 0 to %d".formatted(name, max));
        }
        return Integer.parseInt(text);
    }
}
