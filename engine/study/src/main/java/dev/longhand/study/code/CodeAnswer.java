package dev.longhand.study.code;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program of a response: its last fenced block. */
public final class CodeAnswer {
    private static final Pattern FENCE = Pattern.compile("```[^\\n`]*\\n(.*?)```", Pattern.DOTALL);

    /**
     * The verdict on a program.
     *
     * @param passed whether all tests passed; null if it was not run
     * @param rule the reason: tests passed of all, or why it was not run
     */
    public record Result(@Nullable Boolean passed, String rule) {}

    private CodeAnswer() {}

    /** Returns the program; null without a fenced block. */
    public static @Nullable String program(String response) {
        Matcher fence = FENCE.matcher(response);
        String last = null;
        while (fence.find()) {
            last = fence.group(1);
        }
        return last;
    }

    /** Runs a program's tests, up to the first that fails. */
    public static Result judge(String program, List<CodeTest> tests, PythonSandbox sandbox)
            throws InterruptedException {
        if (tests.isEmpty()) {
            return new Result(null, "no tests");
        }
        for (CodeTest test : tests) {
            PythonSandbox.Result result = sandbox.run(program, test.function(), test.input());
            if (result.refusal() != null) {
                return new Result(null, "refused: " + result.refusal());
            }
            if (!result.passed() || !test.accepts(result.output())) {
                return new Result(false, "tests");
            }
        }
        return new Result(true, "tests");
    }
}
