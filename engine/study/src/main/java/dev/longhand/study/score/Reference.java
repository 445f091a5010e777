package dev.longhand.study.score;

import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.answer.NormalForm;
import dev.longhand.study.format.BenchmarkProblem;

import java.util.List;

/**
 * A problem with the normal forms of its answers.
 *
 * @param problem the problem
 * @param forms the normal forms of the answers, in order
 */
record Reference(BenchmarkProblem problem, List<String> forms) {
    static Reference of(BenchmarkProblem problem, AnswerMode mode) {
        return new Reference(
                problem,
                problem.answers().stream().map(answer -> NormalForm.of(answer, mode)).toList());
    }
}
