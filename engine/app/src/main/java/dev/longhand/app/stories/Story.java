package dev.longhand.app.stories;

import dev.longhand.engine.file.Sha256;

import java.util.List;

/**
 * A word problem with its steps.
 *
 * @param question the text
 * @param start the amount before the first step
 * @param steps the changes, at least one
 */
record Story(String question, int start, List<Step> steps) {
    private static final int HELD_OUT_BYTES = 8; // of 256: 3 %
    private static final List<String> VERBS =
            List.of(
                    "buys",
                    "finds",
                    "gives away",
                    "gives",
                    "loses",
                    "sells",
                    "grows",
                    "makes",
                    "shares",
                    "split");

    Story {
        steps = List.copyOf(steps);
    }

    /** A step: the amount before, the change and its sentence. */
    record Step(int before, Change change, int operand, String sentence) {
        int after() {
            return change.apply(before, operand);
        }

        private String verb() {
            return VERBS.stream()
                    .filter(each -> sentence.contains(" " + each + " "))
                    .findFirst()
                    .orElseThrow();
        }
    }

    int answer() {
        return steps.getLast().after();
    }

    /**
     * Whether the story is for tests only: the SHA-256 of its question begins with a byte below 8.
     */
    boolean heldOut() {
        return (Sha256.bytes(question)[0] & 0xff) < HELD_OUT_BYTES;
    }

    /** The answer without a thought. */
    String directAnswer() {
        return directAnswer(answer());
    }

    /** An answer without a thought, right or wrong. */
    static String directAnswer(int answer) {
        return "The answer is \\boxed{%d}.".formatted(answer);
    }

    /** The question, the thought and the answer as plain text. */
    String document() {
        return documentPrompt() + thoughtAndAnswer();
    }

    /** The beginning of {@link #document}, before the thought. */
    String documentPrompt() {
        return question + "\n\n";
    }

    /**
     * The answer after a long thought in the study's four-tag layout. It names and computes each
     * change, checks steps where a slip is likely by the inverse operation after a "Wait", and
     * reaches the last step in a second way after an "Alternatively".
     */
    String thoughtAndAnswer() {
        StringBuilder text = new StringBuilder();
        text.append("<|begin_of_thought|>\n\nOkay, so let me think step by step. First, ")
                .append(start)
                .append(".\n\n");
        for (Step step : steps) {
            text.append("Then %s %d. ".formatted(step.verb(), step.operand()))
                    .append(step.change().equation(step.before(), step.operand()))
                    .append('.');
            if (step.change().slipLikely(step.before(), step.operand())) {
                text.append(" Wait, let me check that. ")
                        .append(step.change().inverse().equation(step.after(), step.operand()))
                        .append(". That is right.");
            }
            text.append("\n\n");
        }
        return text.append("Alternatively, %s. That is right.\n\n".formatted(secondWay()))
                .append("So the total is %d.\n\n<|end_of_thought|>\n\n".formatted(answer()))
                .append("<|begin_of_solution|>\n\n%s\n\n".formatted(directAnswer()))
                .append("<|end_of_solution|>")
                .toString();
    }

    private String secondWay() {
        Step last = steps.getLast();
        return switch (last.change()) {
            case ADD, MULTIPLY -> last.change().equation(last.operand(), last.before());
            case SUBTRACT, DIVIDE -> last.change().inverse().equation(last.after(), last.operand());
        };
    }
}
