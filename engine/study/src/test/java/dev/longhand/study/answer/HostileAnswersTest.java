package dev.longhand.study.answer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Answers that are made to hang or to fill the memory, and random ones. */
class HostileAnswersTest {
    private static final Duration TIME_MAX = Duration.ofSeconds(3);
    private static final long BYTES_MAX = 256L << 20;
    private static final int FUZZED = Integer.getInteger("longhand.fuzz", 3000);

    private static final List<AnswerMode> MODES =
            List.of(
                    AnswerMode.COMPATIBLE,
                    AnswerMode.DEFAULT,
                    new AnswerMode(false, Units.NONE, false, true));

    static Stream<String> hostile() {
        String digits = "\u0661\u0662\u0663\uff11\ud835\udfd9";
        return Stream.of(
                "\\frac{1}{".repeat(10_000) + "1" + "}".repeat(10_000),
                "\\frac".repeat(10_000) + "12",
                "9^9^9^9",
                "9^{9^{9^{9^9}}}",
                "9!!!!!!!!",
                "{".repeat(1 << 20),
                "{".repeat(1 << 19) + "}".repeat(1 << 19),
                "(".repeat(199_000),
                "\\int_0^1 \\frac{\\sin x}{x} dx".repeat(100),
                digits,
                digits.repeat(10_000),
                "\\text{".repeat(33_000),
                "\\text{a}".repeat(2_000) + "$",
                "1".repeat(190_000),
                "1,".repeat(90_000) + "1",
                "1/".repeat(90_000),
                "-".repeat(190_000) + "1",
                "+1".repeat(1_900),
                "|".repeat(3_000),
                "|x".repeat(1_900),
                "[1,[1,".repeat(500),
                "(1,2),".repeat(3_000),
                "\\begin{pmatrix}" + "1&2\\\\".repeat(1_000) + "\\end{pmatrix}",
                "x=".repeat(50_000),
                "\\sqrt".repeat(50_000),
                "two thousand ".repeat(10_000),
                "\\pm 1 ".repeat(1_000),
                "a_{".repeat(1_300));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void boundedInTimeAndMemory(String answer) {
        assertTrue(bounded("\\boxed{" + answer + "}", answer));
        assertFalse(verdict("\\boxed{" + answer + "}", "a hostile reference", 0));
    }

    /** Scores a response against references; a limit of time or memory fails the test. */
    private static boolean bounded(String response, String same) {
        var memory = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int mode = 0; mode < MODES.size(); mode++) {
            for (String reference : List.of("12", same)) {
                long before = memory.getCurrentThreadAllocatedBytes();
                long start = memory.getCurrentThreadCpuTime();
                verdict(response, reference, mode);
                long nanos = memory.getCurrentThreadCpuTime() - start;
                long bytes = memory.getCurrentThreadAllocatedBytes() - before;
                assertTrue(
                        nanos <= TIME_MAX.toNanos(),
                        mode + ": " + nanos / 1e9 + " s of the processor");
                assertTrue(bytes <= BYTES_MAX, mode + ": " + (bytes >> 20) + " MiB");
            }
        }
        return true;
    }

    private static boolean verdict(String response, String reference, int mode) {
        AnswerMode each = MODES.get(mode);
        String text = Extraction.of(response, each).text();
        return AnswerEquality.compareAnswers(text == null ? "" : text, reference, each).correct();
    }

    /** Pieces of answers, whole and broken. */
    private static final String[] PIECES = {
        "\\frac",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "1",
        "23",
        ".5",
        ",",
        "x",
        "y=",
        "\\sqrt",
        "^",
        "_",
        "\\pi",
        "e",
        "i",
        "\\text{",
        "\\begin{pmatrix}",
        "\\end{pmatrix}",
        "&",
        "\\\\",
        "+",
        "-",
        "*",
        "/",
        "!",
        "|",
        "%",
        "$",
        "\\infty",
        "\\log_2",
        "\\sin",
        "\\binom",
        " ",
        "\\left(",
        "\\right)",
        "=",
        "<",
        "\\le",
        "and",
        "\u0663",
        "\ud835",
        "\\",
        "\\pm",
        "twenty",
        "\\mathrm{~cm}",
        "\n",
        "boxed",
        "A",
        "\\circ",
        "1e5",
        "\\overline",
        "'"
    };

    /** No exception escapes; more strings by {@code -Dlonghand.fuzz=200000}. */
    @Test
    void randomAndMutatedAnswers() {
        Random random = new Random(7);
        String before = "\\frac{3}{4}";
        for (int i = 0; i < FUZZED; i++) {
            StringBuilder made = new StringBuilder(random.nextBoolean() ? before : "");
            int count = 1 + random.nextInt(12);
            for (int piece = 0; piece < count; piece++) {
                String next = PIECES[random.nextInt(PIECES.length)];
                made.insert(random.nextInt(made.length() + 1), next);
            }
            String answer = made.toString();
            for (int mode = 0; mode < MODES.size(); mode++) {
                verdict("so \\boxed{" + answer + "}", before, mode);
                verdict(answer, answer, mode);
            }
            before = answer.length() > 60 ? "x+1" : answer;
        }
    }
}
