package dev.longhand.study.benchmark;

import dev.longhand.batch.JsonLine;
import dev.longhand.batch.Problem;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.AnswerType;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.JsonLinesWriter;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** The files of public benchmarks, as JSON lines with the fields that their publishers chose. */
public enum BenchmarkFile {
    /** {@code problem, answer, subject, level, unique_id}. */
    MATH500,
    /** {@code problem, answer}. */
    AIME24,
    /** {@code problem, answer}, where answers may be floats. */
    AMC23,
    /** {@code question, final_answer: [..], unit}. */
    OLYMPIADBENCH,
    /** {@code question_content, public_test_cases, starter_code, metadata}. */
    LIVECODEBENCH,
    /** {@code question, choices: [..], answer: 0..3, subject}. */
    MMLU,
    /** {@code id, question, choices: {text: [..], label: [..]}, answerKey}. */
    ARC,
    /** {@code question, answer_number}. */
    MGSM,
    /** {@code key, prompt, instruction_id_list, kwargs}. */
    IFEVAL;

    private static final Pattern WHOLE_FLOAT = Pattern.compile("-?[0-9]+\\.0+");
    private static final List<String> IDS = List.of("id", "unique_id", "question_id", "key");
    private static final List<String> QUESTIONS =
            List.of("problem", "question", "question_content", "prompt");
    private static final List<String> ANSWERS = List.of("answer", "Answer");

    /** The name in problems and on the command line. */
    public String benchmark() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Converts a file; returns the number of problems.
     *
     * @param language the language of an MGSM file, whose questions become lm-eval's prompts
     * @throws InputException if a line lacks a field; nothing is written
     */
    public int convert(Path input, Path out, @Nullable MgsmLanguage language) {
        if ((language != null) != (this == MGSM)) {
            throw new InputException("a language belongs to mgsm, and mgsm needs one");
        }
        int count = 0;
        try (JsonLines<JsonLine> lines = JsonLines.open(input, line -> line);
                JsonLinesWriter writer = JsonLinesWriter.create(out)) {
            for (JsonLine line = lines.next(); line != null; line = lines.next()) {
                writer.write(problem(line, count, language).json());
                count++;
            }
            writer.commit();
        }
        return count;
    }

    /**
     * Reads a problem.
     *
     * @param index the index of the line among the problems; it becomes the id if the file has none
     * @param language the language of an MGSM file
     */
    BenchmarkProblem problem(JsonLine line, int index, @Nullable MgsmLanguage language) {
        ObjectNode meta = line.object().deepCopy();
        meta.remove(QUESTIONS);
        meta.remove(IDS);
        String question = question(line);
        AnswerType type = AnswerType.MATH;
        List<String> answers = new ArrayList<>();
        switch (this) {
            case OLYMPIADBENCH -> answers.addAll(line.strings("final_answer"));
            case LIVECODEBENCH -> type = AnswerType.CODE;
            case MMLU -> {
                type = AnswerType.CHOICE;
                List<String> options = line.strings("choices");
                meta.put("question", question);
                question = withOptions(question, options);
                answers.add(letter(line.count("answer", -1), options.size(), line));
            }
            case ARC -> {
                type = AnswerType.CHOICE;
                JsonLine choices = new JsonLine(line.source(), line.object("choices"));
                List<String> options = choices.strings("text");
                meta.put("question", question);
                question = withOptions(question, options);
                int key = choices.strings("label").indexOf(line.requiredString("answerKey"));
                answers.add(letter(key, options.size(), line));
            }
            case IFEVAL -> type = AnswerType.NONE;
            case MGSM -> answers.add(answerNumber(line));
            case MATH500, AIME24, AMC23 -> answers.add(answer(line));
        }
        if (this != IFEVAL && type != AnswerType.CODE && answers.isEmpty()) {
            throw line.refuse("answer", "is missing");
        }
        String name = benchmark();
        if (language != null) {
            name += "-" + language.code();
            meta.put("language", language.code());
            question = language.prompt(question, line.value("answer") != null);
        }
        Problem problem = new Problem(id(name, line, index), question, JsonLine.newObject());
        return new BenchmarkProblem(problem, benchmark(), answers, type, meta);
    }

    private static JsonNode id(String name, JsonLine line, int index) {
        for (String key : IDS) {
            JsonNode id = line.value(key);
            if (id != null && (id.isString() || id.isIntegralNumber())) {
                return StringNode.valueOf(name + "-" + id.asString());
            }
        }
        return StringNode.valueOf("%s-%03d".formatted(name, index));
    }

    private static String question(JsonLine line) {
        for (String key : QUESTIONS) {
            if (line.value(key) != null) {
                return line.requiredString(key);
            }
        }
        throw line.refuse("question", "is missing");
    }

    /** The answer as text; a whole number that is written as a float loses its zeros. */
    private static String answer(JsonLine line) {
        for (String key : ANSWERS) {
            JsonNode answer = line.value(key);
            if (answer != null && (answer.isString() || answer.isNumber())) {
                String text = answer.asString();
                boolean whole = answer.isNumber() && WHOLE_FLOAT.matcher(text).matches();
                return whole ? new BigDecimal(text).toBigInteger().toString() : text;
            }
        }
        throw line.refuse("answer", "is missing");
    }

    /** The answer of MGSM, whose {@code answer} is a text in examples. */
    private static String answerNumber(JsonLine line) {
        JsonNode number = line.value("answer_number");
        if (number == null || !number.isNumber()) {
            throw line.refuse("answer_number", "must be a number");
        }
        return number.asString();
    }

    private static String letter(int index, int options, JsonLine line) {
        if (index < 0 || index >= options) {
            throw line.refuse("answer", "is none of the choices");
        }
        return String.valueOf((char) ('A' + index));
    }

    private static String withOptions(String question, List<String> options) {
        StringBuilder text = new StringBuilder(question.strip());
        for (int i = 0; i < options.size(); i++) {
            text.append('\n').append((char) ('A' + i)).append(". ").append(options.get(i));
        }
        return text.toString();
    }
}
