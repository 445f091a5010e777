package dev.longhand.study.score;

import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.answer.AnswerEquality;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.answer.Extraction;
import dev.longhand.study.answer.FlexibleNumber;
import dev.longhand.study.answer.NormalForm;
import dev.longhand.study.answer.Verdict;
import dev.longhand.study.benchmark.BenchmarkFile;
import dev.longhand.study.code.CodeAnswer;
import dev.longhand.study.code.CodeTest;
import dev.longhand.study.code.PythonSandbox;
import dev.longhand.study.format.Score;
import dev.longhand.study.instruction.Instruction;
import dev.longhand.study.text.PythonText;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Scores one generation against the answers of its problem. Any thread may use it. */
final class AnswerScorer {
    private static final Pattern OPTION = Pattern.compile("(?<![A-Za-z0-9])([A-J])(?![A-Za-z0-9])");

    private static final String MGSM = BenchmarkFile.MGSM.benchmark();
    private static final int PROGRAM_SECONDS_MAX = 6;

    private final AnswerMode mode;
    private final @Nullable PythonSandbox sandbox;

    /**
     * Prepares the rules.
     *
     * @param programs whether there are programs to run
     */
    AnswerScorer(AnswerMode mode, boolean programs) {
        this.mode = mode;
        sandbox = programs ? PythonSandbox.find(PROGRAM_SECONDS_MAX) : null;
    }

    Score score(Generation generation, Reference reference) {
        return switch (reference.problem().answerType()) {
            case MATH ->
                    reference.problem().benchmark().equals(MGSM)
                            ? number(generation, reference)
                            : math(generation, reference);
            case CHOICE -> choice(generation, reference);
            case CODE -> code(generation, reference);
            case NONE ->
                    reference.instructions().isEmpty()
                            ? unscored(generation, "none")
                            : instructions(generation, reference.instructions());
        };
    }

    private Score math(Generation generation, Reference reference) {
        Extraction extraction = Extraction.of(generation.text(), mode);
        String text = extraction.text();
        String form = text == null ? "" : NormalForm.of(text, mode);
        Verdict verdict = new Verdict(false, Verdict.Rule.MISSING, false);
        String compared = reference.forms().isEmpty() ? null : reference.forms().getFirst();
        for (int i = 0; i < reference.forms().size() && !verdict.correct(); i++) {
            boolean percent =
                    text != null
                            && text.contains("%")
                                    != reference.problem().answers().get(i).contains("%");
            verdict = AnswerEquality.compare(form, reference.forms().get(i), percent, mode);
            compared = verdict.correct() ? reference.forms().get(i) : compared;
        }
        return made(
                generation,
                extraction,
                text == null ? null : form,
                compared,
                compared == null ? null : (Boolean) verdict.correct(),
                verdict);
    }

    /** Compares the last number, as lm-eval does. */
    private Score number(Generation generation, Reference reference) {
        String number = FlexibleNumber.last(Extraction.scope(generation.text(), mode));
        String form = number == null ? null : FlexibleNumber.compared(number);
        String expected = FlexibleNumber.compared(reference.problem().answers().getFirst());
        return new Score(
                generation.id(),
                generation.sample(),
                number,
                form,
                expected,
                expected.equals(form),
                "flexible-extract",
                false,
                JsonLine.newObject());
    }

    /** Checks a response strictly; it is right if it follows all instructions. */
    private Score instructions(Generation generation, List<Instruction> instructions) {
        String response = Extraction.scope(generation.text(), mode);
        ObjectNode others = JsonLine.newObject();
        ArrayNode followed = others.putArray(Tally.FOLLOWED);
        int count = 0;
        for (Instruction each : instructions) {
            boolean own = each.followed(response);
            followed.add(own);
            count += own ? 1 : 0;
        }
        return new Score(
                generation.id(),
                generation.sample(),
                null,
                PythonText.strip(response).isEmpty() ? null : count + " of " + instructions.size(),
                null,
                count == instructions.size(),
                "instructions",
                false,
                others);
    }

    /** Compares the letter of the chosen option. */
    private Score choice(Generation generation, Reference reference) {
        Extraction extraction = Extraction.of(generation.text(), mode);
        String chosen = null;
        Matcher options =
                OPTION.matcher(
                        extraction.rule() == Extraction.Rule.NUMBER || extraction.text() == null
                                ? generation.text()
                                : extraction.text());
        while (options.find()) {
            chosen = options.group(1);
        }
        String expected =
                reference.problem().answers().isEmpty()
                        ? null
                        : reference.problem().answers().getFirst().strip();
        boolean correct = chosen != null && chosen.equals(expected);
        return made(
                generation,
                extraction,
                chosen,
                expected,
                expected == null ? null : (Boolean) correct,
                new Verdict(
                        correct,
                        chosen == null ? Verdict.Rule.MISSING : Verdict.Rule.CHOICE,
                        false));
    }

    /** Runs the program of a response on the problem's tests. */
    private Score code(Generation generation, Reference reference) {
        String program = CodeAnswer.program(generation.text());
        if (sandbox == null) {
            return unscored(generation, "refused: there is no python3");
        }
        List<CodeTest> tests;
        try {
            tests = CodeTest.of(reference.problem().meta());
        } catch (InputException e) {
            return unscored(generation, "refused: " + e.getMessage());
        }
        try {
            CodeAnswer.Result result =
                    program == null
                            ? new CodeAnswer.Result(false, "missing")
                            : CodeAnswer.judge(program, tests, sandbox);
            return new Score(
                    generation.id(),
                    generation.sample(),
                    program,
                    program,
                    null,
                    result.passed(),
                    result.rule(),
                    false,
                    JsonLine.newObject());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Score made(
            Generation generation,
            Extraction extraction,
            @Nullable String form,
            @Nullable String reference,
            @Nullable Boolean correct,
            Verdict verdict) {
        ObjectNode others = JsonLine.newObject();
        others.put("extraction", extraction.rule().name().toLowerCase(Locale.ROOT));
        return new Score(
                generation.id(),
                generation.sample(),
                extraction.text(),
                form,
                reference,
                correct,
                verdict.rule().name().toLowerCase(Locale.ROOT),
                verdict.limited(),
                others);
    }

    private static Score unscored(Generation generation, String rule) {
        return new Score(
                generation.id(),
                generation.sample(),
                null,
                null,
                null,
                null,
                rule,
                false,
                JsonLine.newObject());
    }
}
