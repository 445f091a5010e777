package dev.longhand.study.format;

import dev.longhand.batch.JsonLine;
import dev.longhand.batch.Problem;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A problem with its reference answers: {@code {"id", "benchmark", "question", "answers",
 * "answer_type", "meta"}}.
 *
 * @param problem the id, the question, and the fields outside the format
 * @param benchmark the name of the benchmark; often empty
 * @param answers the reference answers; any of them is right. A number in the file is its text
 * @param answerType how answers are scored; absent is math
 * @param meta further data of the benchmark, such as a program's tests
 */
public record BenchmarkProblem(
        Problem problem,
        String benchmark,
        List<String> answers,
        AnswerType answerType,
        ObjectNode meta) {
    public BenchmarkProblem {
        answers = List.copyOf(answers);
    }

    /**
     * Reads a line.
     *
     * @throws dev.longhand.engine.error.InputException if a field is missing or of another kind
     */
    public static BenchmarkProblem of(JsonLine line) {
        List<String> answers = new ArrayList<>();
        for (JsonNode answer : line.list("answers")) {
            if (!answer.isString() && !answer.isNumber()) {
                throw line.refuse("answers", "must be a list of strings");
            }
            answers.add(answer.asString());
        }
        return new BenchmarkProblem(
                Problem.of(line),
                line.string("benchmark", ""),
                answers,
                answerType(line),
                line.object("meta"));
    }

    private static AnswerType answerType(JsonLine line) {
        String name = line.string("answer_type", AnswerType.MATH.jsonName());
        return Arrays.stream(AnswerType.values())
                .filter(each -> each.jsonName().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                line.refuse(
                                        "answer_type",
                                        Arrays.stream(AnswerType.values())
                                                .map(AnswerType::jsonName)
                                                .collect(
                                                        Collectors.joining(
                                                                ", ", "must be one of ", ""))));
    }

    /** The id as text. */
    public String idText() {
        return problem.idText();
    }

    /** Formats the line, without its terminator. */
    public String json() {
        ObjectNode json = JsonLine.newObject();
        json.set("id", problem.id());
        json.put("benchmark", benchmark);
        json.put("question", problem.question());
        ArrayNode list = json.putArray("answers");
        answers.forEach(list::add);
        json.put("answer_type", answerType.jsonName());
        json.set("meta", meta);
        json.setAll(problem.others());
        return JsonLine.format(json);
    }
}
