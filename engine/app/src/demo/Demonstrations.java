import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Writes demonstrations for the demo's models: arithmetic word problems of one to three steps, with
 * direct answers or with long chains of thought. A thought names each change and computes it,
 * checks steps where a slip is likely by the inverse operation after a "Wait", and reaches the last
 * step in a second way after an "Alternatively".
 *
 * <p>A story never appears in training and held-out data: a problem is held out if the SHA-256 of
 * its question begins with a byte below 8, as in problems.jsonl.
 *
 * <pre>java Demonstrations.java answers|thoughts COUNT SEED FILE</pre>
 */
public final class Demonstrations {
    private static final int HELD_OUT_BYTES = 8; // of 256: 3 %
    private static final int AMOUNT_MAX = 99;

    private static final List<String> NAMES =
            List.of(
                    "Ana", "Ben", "Carla", "David", "Emma", "Felix", "Grace", "Hugo", "Ivy",
                    "Jonas", "Kara", "Leo", "Mia", "Noah", "Olga", "Paul");

    private static final List<String> THINGS =
            List.of(
                    "apples",
                    "books",
                    "coins",
                    "stamps",
                    "pencils",
                    "marbles",
                    "cards",
                    "shells",
                    "cookies",
                    "stickers");

    private static final List<String> STARTS =
            List.of(
                    "{n} has {a} {t}.",
                    "{n} starts with {a} {t}.",
                    "There are {a} {t} in {n}'s box.");

    private static final List<String> QUESTIONS =
            List.of(
                    "How many {t} does {n} have now?",
                    "How many {t} are left?",
                    "How many {t} are there in the end?");

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

    private final SplittableRandom random;

    private Demonstrations(long seed) {
        random = new SplittableRandom(seed);
    }

    /** A kind of change, with its sentences. */
    private enum Change {
        ADD(
                "+",
                "{n} buys {b} more.",
                "Then {n} finds {b} more {t}.",
                "A friend gives {n} {b} {t}."),
        SUBTRACT("-", "{n} gives away {b}.", "Then {n} loses {b} {t}.", "{n} sells {b} of them."),
        MULTIPLY(
                "*",
                "Then the number grows to {b} times as many.",
                "{n} makes it {b} times as many."),
        DIVIDE(
                "/",
                "{n} shares them equally among {b} boxes and keeps one box.",
                "The {t} are split into {b} equal piles and {n} keeps one pile.");

        private final String sign;
        private final List<String> sentences;

        Change(String sign, String... sentences) {
            this.sign = sign;
            this.sentences = List.of(sentences);
        }

        int apply(int a, int b) {
            return switch (this) {
                case ADD -> a + b;
                case SUBTRACT -> a - b;
                case MULTIPLY -> a * b;
                case DIVIDE -> a / b;
            };
        }

        Change inverse() {
            return switch (this) {
                case ADD -> SUBTRACT;
                case SUBTRACT -> ADD;
                case MULTIPLY -> DIVIDE;
                case DIVIDE -> MULTIPLY;
            };
        }

        String equation(int a, int b) {
            return "%d %s %d = %d".formatted(a, sign, b, apply(a, b));
        }

        /** Whether there is a carry, a borrow, or a product or quotient beyond ten. */
        boolean slipLikely(int a, int b) {
            return switch (this) {
                case ADD -> a % 10 + b % 10 > 9;
                case SUBTRACT -> a % 10 < b % 10;
                case MULTIPLY, DIVIDE -> Math.max(a, apply(a, b)) > 10;
            };
        }
    }

    /** A worked step: the amount before, the change and its sentence. */
    private record Step(int before, Change change, int operand, String sentence) {
        int after() {
            return change.apply(before, operand);
        }
    }

    /** A problem with its steps. */
    private record Problem(String question, int start, List<Step> steps) {
        int answer() {
            return steps.getLast().after();
        }

        boolean heldOut() {
            try {
                byte[] hash =
                        MessageDigest.getInstance("SHA-256")
                                .digest(question.getBytes(StandardCharsets.UTF_8));
                return (hash[0] & 0xff) < HELD_OUT_BYTES;
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private Step step(int amount, String name, String thing) {
        while (true) {
            Change change =
                    pick(
                            List.of(
                                    Change.ADD,
                                    Change.ADD,
                                    Change.SUBTRACT,
                                    Change.SUBTRACT,
                                    Change.MULTIPLY,
                                    Change.DIVIDE));
            int operand =
                    switch (change) {
                        case ADD -> 1 + random.nextInt(20);
                        case SUBTRACT -> 1 + random.nextInt(Math.min(20, amount));
                        case MULTIPLY -> 2 + random.nextInt(3);
                        case DIVIDE ->
                                pick(
                                        IntStream.rangeClosed(1, 5)
                                                .filter(each -> amount % each == 0)
                                                .boxed()
                                                .toList());
                    };
            int after = change.apply(amount, operand);
            if (after > 0 && after <= AMOUNT_MAX && !(change == Change.DIVIDE && operand == 1)) {
                String sentence =
                        fill(pick(change.sentences), name, thing).replace("{b}", "" + operand);
                return new Step(amount, change, operand, sentence);
            }
        }
    }

    private static String fill(String text, String name, String thing) {
        return text.replace("{n}", name).replace("{t}", thing);
    }

    private Problem problem() {
        int length = pick(List.of(1, 1, 2, 2, 3));
        String name = pick(NAMES);
        String thing = pick(THINGS);
        int start = 2 + random.nextInt(19);
        List<String> sentences = new ArrayList<>();
        sentences.add(fill(pick(STARTS), name, thing).replace("{a}", "" + start));
        List<Step> steps = new ArrayList<>();
        for (int amount = start; steps.size() < length; amount = steps.getLast().after()) {
            steps.add(step(amount, name, thing));
            sentences.add(steps.getLast().sentence());
        }
        sentences.add(fill(pick(QUESTIONS), name, thing));
        return new Problem(String.join(" ", sentences), start, steps);
    }

    private static String answer(Problem problem) {
        return "The answer is \\boxed{%d}.".formatted(problem.answer());
    }

    private static String thought(Problem problem) {
        StringBuilder text = new StringBuilder();
        text.append("<|begin_of_thought|>\n\nOkay, so let me think step by step. First, ")
                .append(problem.start())
                .append(".\n\n");
        for (Step step : problem.steps()) {
            String verb =
                    VERBS.stream()
                            .filter(each -> step.sentence().contains(" " + each + " "))
                            .findFirst()
                            .orElseThrow();
            text.append("Then %s %d. ".formatted(verb, step.operand()))
                    .append(step.change().equation(step.before(), step.operand()))
                    .append('.');
            if (step.change().slipLikely(step.before(), step.operand())) {
                text.append(" Wait, let me check that. ")
                        .append(step.change().inverse().equation(step.after(), step.operand()))
                        .append(". That is right.");
            }
            text.append("\n\n");
        }
        Step last = problem.steps().getLast();
        String second =
                switch (last.change()) {
                    case ADD, MULTIPLY -> last.change().equation(last.operand(), last.before());
                    case SUBTRACT, DIVIDE ->
                            last.change().inverse().equation(last.after(), last.operand());
                };
        return text.append("Alternatively, %s. That is right.\n\n".formatted(second))
                .append("So the total is %d.\n\n<|end_of_thought|>\n\n".formatted(problem.answer()))
                .append(
                        "<|begin_of_solution|>\n\n%s\n\n<|end_of_solution|>"
                                .formatted(answer(problem)))
                .toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\n", "\\n") + '"';
    }

    /** Writes a file of demonstrations. */
    public static void main(String[] arguments) throws IOException {
        boolean thoughts = arguments[0].equals("thoughts");
        int count = Integer.parseInt(arguments[1]);
        Demonstrations source = new Demonstrations(Long.parseLong(arguments[2]));
        try (PrintWriter out =
                new PrintWriter(
                        Files.newBufferedWriter(Path.of(arguments[3]), StandardCharsets.UTF_8))) {
            for (int written = 0; written < count; ) {
                Problem problem = source.problem();
                if (!problem.heldOut()) {
                    String answer = thoughts ? thought(problem) : answer(problem);
                    out.println(
                            "{\"messages\": [{\"role\": \"user\", \"content\": "
                                    + quoted(problem.question())
                                    + "}, {\"role\": \"assistant\", \"content\": "
                                    + quoted(answer)
                                    + "}]}");
                    written++;
                }
            }
        }
    }
}
