package dev.longhand.study.likelihood;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.study.benchmark.BenchmarkFile;
import dev.longhand.study.format.BenchmarkProblem;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The prompts of MMLU and ARC as lm-eval 0.4.13 makes them in its tasks {@code mmlu} and {@code
 * arc_challenge}: with examples from a file, the first of the same subject, and on request in a
 * conversation whose turns they are.
 */
public final class OptionPrompts {
    private static final String BETWEEN = "\n\n";

    private final Map<String, List<BenchmarkProblem>> examples = new HashMap<>();
    private final int shots;
    private final @Nullable Function<List<ChatMessage>, String> chat;

    /**
     * Creates a format.
     *
     * @param examples problems with their answers
     * @param shots the number of examples before each question
     * @param chat renders a conversation up to the answer; null leaves the text as it is
     */
    public OptionPrompts(
            List<BenchmarkProblem> examples,
            int shots,
            @Nullable Function<List<ChatMessage>, String> chat) {
        examples.forEach(
                each ->
                        this.examples
                                .computeIfAbsent(subject(each), key -> new ArrayList<>())
                                .add(each));
        this.shots = shots;
        this.chat = chat;
    }

    static String subject(BenchmarkProblem problem) {
        return problem.meta().path("subject").asString("");
    }

    private static boolean isMmlu(BenchmarkProblem problem) {
        return problem.benchmark().equals(BenchmarkFile.MMLU.benchmark());
    }

    /**
     * Makes the prompt of a problem.
     *
     * @throws InputException if it is of another benchmark, or examples are missing
     */
    OptionPrompt of(BenchmarkProblem problem) {
        String subject = subject(problem);
        String description = isMmlu(problem) && !subject.isEmpty() ? description(subject) : "";
        List<BenchmarkProblem> before = examples.getOrDefault(subject, List.of());
        if (before.size() < shots) {
            throw new InputException(
                    "problem %s: %d examples are asked for, there are %d"
                            .formatted(problem.idText(), shots, before.size()));
        }
        before = before.subList(0, shots);
        String group = shots > 0 || !description.isEmpty() ? subject : "";
        return new OptionPrompt(
                chat == null
                        ? text(description, before, problem)
                        : chat.apply(conversation(description, before, problem)),
                chat == null ? " " : "",
                options(problem),
                right(problem),
                group);
    }

    private static String text(
            String description, List<BenchmarkProblem> before, BenchmarkProblem problem) {
        StringBuilder text = new StringBuilder(description);
        for (BenchmarkProblem example : before) {
            text.append(question(example)).append(' ').append(answer(example)).append(BETWEEN);
        }
        return text.append(question(problem)).toString();
    }

    private static List<ChatMessage> conversation(
            String description, List<BenchmarkProblem> before, BenchmarkProblem problem) {
        List<ChatMessage> messages = new ArrayList<>();
        if (!description.isEmpty()) {
            messages.add(ChatMessage.system(description));
        }
        for (BenchmarkProblem example : before) {
            messages.add(ChatMessage.user(question(example)));
            messages.add(ChatMessage.assistant(answer(example)));
        }
        messages.add(ChatMessage.user(question(problem)));
        return messages;
    }

    private static String answer(BenchmarkProblem problem) {
        return options(problem).get(right(problem));
    }

    private static String description(String subject) {
        return "The following are multiple choice questions (with answers) about %s.\n\n"
                .formatted(subject.replace('_', ' '));
    }

    private static String question(BenchmarkProblem problem) {
        return isMmlu(problem)
                ? problem.problem().question() + "\nAnswer:"
                : "Question: " + line(problem).requiredString("question") + "\nAnswer:";
    }

    private static JsonLine line(BenchmarkProblem problem) {
        return new JsonLine("problem " + problem.idText(), problem.meta());
    }

    /** The letters of MMLU, the texts of ARC. */
    private static List<String> options(BenchmarkProblem problem) {
        JsonLine line = line(problem);
        if (isMmlu(problem)) {
            int count = line.strings("choices").size();
            return "ABCDEFGHIJ"
                    .substring(0, Math.min(count, 10))
                    .chars()
                    .mapToObj(Character::toString)
                    .toList();
        }
        if (!problem.benchmark().equals(BenchmarkFile.ARC.benchmark())) {
            throw new InputException(
                    "problem %s: options of mmlu and arc are compared, not of %s"
                            .formatted(problem.idText(), problem.benchmark()));
        }
        return new JsonLine(line.source(), line.object("choices")).strings("text");
    }

    private static int right(BenchmarkProblem problem) {
        String letter = problem.answers().isEmpty() ? "" : problem.answers().getFirst();
        int index = letter.isEmpty() ? -1 : letter.charAt(0) - 'A';
        if (index < 0 || index >= options(problem).size()) {
            throw new InputException(
                    "problem %s: the answer is none of the options".formatted(problem.idText()));
        }
        return index;
    }
}
