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
 * The prompts of problems with options, with examples from a file, the first of the same subject,
 * and on request in a conversation whose turns they are. MMLU and ARC are worded as lm-eval 0.4.13
 * words its tasks {@code mmlu} and {@code arc_challenge}; other problems, or all on request, are
 * plain: the question and the texts of {@code meta.choices}, with nothing between them.
 */
public final class OptionPrompts {
    private static final String BETWEEN = "\n\n";

    private enum Wording {
        MMLU,
        ARC,
        PLAIN
    }

    private final Map<String, List<BenchmarkProblem>> examples = new HashMap<>();
    private final int shots;
    private final boolean plain;
    private final @Nullable Function<List<ChatMessage>, String> chat;

    /**
     * Creates a format.
     *
     * @param examples problems with their answers
     * @param shots the number of examples before each question
     * @param plain whether MMLU and ARC are not worded, either
     * @param chat renders a conversation up to the answer; null leaves the text as it is
     */
    public OptionPrompts(
            List<BenchmarkProblem> examples,
            int shots,
            boolean plain,
            @Nullable Function<List<ChatMessage>, String> chat) {
        examples.forEach(
                each ->
                        this.examples
                                .computeIfAbsent(subject(each), key -> new ArrayList<>())
                                .add(each));
        this.shots = shots;
        this.plain = plain;
        this.chat = chat;
    }

    static String subject(BenchmarkProblem problem) {
        return problem.meta().path("subject").asString("");
    }

    private Wording wording(BenchmarkProblem problem) {
        String benchmark = plain ? "" : problem.benchmark();
        return benchmark.equals(BenchmarkFile.MMLU.benchmark())
                ? Wording.MMLU
                : benchmark.equals(BenchmarkFile.ARC.benchmark()) ? Wording.ARC : Wording.PLAIN;
    }

    private String delimiter(BenchmarkProblem problem) {
        return wording(problem) == Wording.PLAIN ? "" : " ";
    }

    /**
     * Makes the prompt of a problem.
     *
     * @throws InputException if its options or examples are missing
     */
    OptionPrompt of(BenchmarkProblem problem) {
        String subject = subject(problem);
        String description =
                wording(problem) == Wording.MMLU && !subject.isEmpty() ? description(subject) : "";
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
                chat == null ? delimiter(problem) : "",
                options(problem),
                right(problem),
                group);
    }

    private String text(
            String description, List<BenchmarkProblem> before, BenchmarkProblem problem) {
        StringBuilder text = new StringBuilder(description);
        for (BenchmarkProblem example : before) {
            text.append(question(example))
                    .append(delimiter(example))
                    .append(answer(example))
                    .append(BETWEEN);
        }
        return text.append(question(problem)).toString();
    }

    private List<ChatMessage> conversation(
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

    private String answer(BenchmarkProblem problem) {
        return options(problem).get(right(problem));
    }

    private static String description(String subject) {
        return "The following are multiple choice questions (with answers) about %s.\n\n"
                .formatted(subject.replace('_', ' '));
    }

    private String question(BenchmarkProblem problem) {
        return switch (wording(problem)) {
            case MMLU -> problem.problem().question() + "\nAnswer:";
            case ARC -> "Question: " + line(problem).requiredString("question") + "\nAnswer:";
            case PLAIN -> problem.problem().question();
        };
    }

    private static JsonLine line(BenchmarkProblem problem) {
        return new JsonLine("problem " + problem.idText(), problem.meta());
    }

    /** The letters of MMLU, the texts of others. */
    private List<String> options(BenchmarkProblem problem) {
        JsonLine line = line(problem);
        return switch (wording(problem)) {
            case MMLU -> letters(line.strings("choices").size());
            case ARC -> new JsonLine(line.source(), line.object("choices")).strings("text");
            case PLAIN -> line.strings("choices");
        };
    }

    private static List<String> letters(int count) {
        return "ABCDEFGHIJ"
                .substring(0, Math.min(count, 10))
                .chars()
                .mapToObj(Character::toString)
                .toList();
    }

    private int right(BenchmarkProblem problem) {
        String letter = problem.answers().isEmpty() ? "" : problem.answers().getFirst();
        int index = letter.isEmpty() ? -1 : letter.charAt(0) - 'A';
        if (index < 0 || index >= options(problem).size()) {
            throw new InputException(
                    "problem %s: the answer is none of the options".formatted(problem.idText()));
        }
        return index;
    }
}
