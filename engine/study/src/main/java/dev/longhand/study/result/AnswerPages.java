package dev.longhand.study.result;

import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;
import dev.longhand.study.keywords.ReflectionKeywords;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads single answers of a study with their verdicts, a page at a time. A page costs one pass over
 * the run's files and keeps only what it shows, and the verdicts of the other run.
 */
public final class AnswerPages {
    /** The most answers on a page. */
    public static final int COUNT_MAX = 50;

    private final Path folder;
    private final StudyResults results;

    /**
     * Which answers a page has.
     *
     * @param benchmark the benchmark of their problems; empty for all
     * @param otherRow the row that the filter compares with; null for none
     * @param from the first of those that the filter admits, from 0
     */
    public record Choice(
            String row,
            String benchmark,
            AnswerFilter filter,
            @Nullable String otherRow,
            int from,
            int count) {}

    /** Opens the answers of the results in a folder. */
    public AnswerPages(Path folder) {
        this.folder = folder;
        results = StudyResults.read(folder);
    }

    /**
     * Returns a page: {@code {"total", "answers": [{"id", "sample", "question", "answers", "text",
     * "finish", "output_tokens", "keywords", "extracted", "correct", "rule", "other"}]}}. Of the
     * other run, each answer has its text, verdict and tokens.
     *
     * @throws InputException if there is no such run, or a file is invalid
     */
    public ObjectNode page(Choice choice) {
        ScoredRun run = results.run(choice.row());
        ScoredRun other = choice.otherRow() == null ? null : results.run(choice.otherRow());
        Map<String, Score> others = other == null ? Map.of() : scores(other);
        Map<String, BenchmarkProblem> problems = problems(run, choice.benchmark());
        Map<String, ObjectNode> chosen = new LinkedHashMap<>();
        int total = 0;
        try (JsonLines<Score> scores = open(run.scores(), Score::of);
                JsonLines<Generation> texts = open(run.generations(), Generation::of)) {
            for (Score score = scores.next(); score != null; score = scores.next()) {
                Generation text = texts.next();
                if (text == null || !key(text).equals(score.key())) {
                    throw new InputException(scores.source() + ": is not in the generations");
                }
                if (problems.containsKey(score.idText())
                        && choice.filter().admits(score, others.get(score.key()))) {
                    if (total >= choice.from() && chosen.size() < choice.count()) {
                        chosen.put(score.key(), answer(text, score));
                    }
                    total++;
                }
            }
        }
        if (other != null) {
            addOther(chosen, other, others);
        }
        addQuestions(chosen, problems);
        ObjectNode page = JsonLine.newObject().put("total", total);
        ArrayNode answers = page.putArray("answers");
        chosen.values().forEach(answers::add);
        return page;
    }

    private void addOther(
            Map<String, ObjectNode> chosen, ScoredRun other, Map<String, Score> scores) {
        try (JsonLines<Generation> texts = open(other.generations(), Generation::of)) {
            for (Generation text = texts.next(); text != null; text = texts.next()) {
                ObjectNode answer = chosen.get(key(text));
                Score score = scores.get(key(text));
                if (answer != null && score != null) {
                    answer.set("other", answer(text, score));
                }
            }
        }
    }

    private static void addQuestions(
            Map<String, ObjectNode> chosen, Map<String, BenchmarkProblem> problems) {
        for (ObjectNode answer : chosen.values()) {
            BenchmarkProblem problem = problems.get(answer.path("id").asString());
            if (problem != null) {
                answer.put("benchmark", problem.benchmark());
                answer.put("question", problem.problem().question());
                problem.answers().forEach(answer.putArray("answers")::add);
            }
        }
    }

    private Map<String, BenchmarkProblem> problems(ScoredRun run, String benchmark) {
        Map<String, BenchmarkProblem> byId = new HashMap<>();
        try (JsonLines<BenchmarkProblem> all = open(run.problems(), BenchmarkProblem::of)) {
            for (BenchmarkProblem each = all.next(); each != null; each = all.next()) {
                if (benchmark.isEmpty() || each.benchmark().equals(benchmark)) {
                    byId.put(each.idText(), each);
                }
            }
        }
        return byId;
    }

    private static ObjectNode answer(Generation text, Score score) {
        ObjectNode json = JsonLine.newObject();
        json.set("id", text.id());
        json.put("sample", text.sample());
        json.put("text", text.text());
        json.put("finish", text.finish());
        json.put("output_tokens", text.outputTokens());
        json.put("keywords", ReflectionKeywords.count(text.text()));
        json.put("extracted", score.extracted());
        json.put("correct", score.correct());
        json.put("rule", score.rule());
        return json;
    }

    private Map<String, Score> scores(ScoredRun run) {
        Map<String, Score> byKey = new HashMap<>();
        try (JsonLines<Score> scores = open(run.scores(), Score::of)) {
            for (Score each = scores.next(); each != null; each = scores.next()) {
                byKey.put(each.key(), each);
            }
        }
        return byKey;
    }

    private static String key(Generation text) {
        return text.idText() + "/" + text.sample();
    }

    private <T> JsonLines<T> open(String file, Function<JsonLine, T> format) {
        return JsonLines.open(inside(folder, file), format);
    }

    /**
     * Returns a file of the results.
     *
     * @throws InputException if it is missing or lies outside the folder
     */
    public static Path inside(Path folder, String file) {
        try {
            Path real = folder.resolve(file).toRealPath();
            if (real.startsWith(folder.toRealPath())) {
                return real;
            }
        } catch (IOException e) {
            throw new InputException("the results lack a file that their index names", e);
        }
        throw new InputException("the results name a file outside their folder");
    }
}
