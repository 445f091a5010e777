package dev.longhand.study.score;

import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.answer.NormalForm;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.instruction.Instruction;

import java.util.List;

/**
 * A problem with the normal forms of its answers.
 *
 * @param problem the problem
 * @param forms the normal forms of the answers, in order
 * @param instructions the instructions of IFEval that a response is to follow; often empty
 */
record Reference(BenchmarkProblem problem, List<String> forms, List<Instruction> instructions) {
    static Reference of(BenchmarkProblem problem, AnswerMode mode) {
        return new Reference(
                problem,
                problem.answers().stream().map(answer -> NormalForm.of(answer, mode)).toList(),
                problem.meta().has("instruction_id_list")
                        ? Instruction.of("problem " + problem.idText(), problem.meta())
                        : List.of());
    }
}
