package dev.longhand.study.curate;

import dev.longhand.batch.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.answer.AnswerEquality;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.answer.Extraction;
import dev.longhand.study.format.AnswerType;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;

import java.io.Closeable;
import java.nio.file.Path;

/** Says of each generation of a file, in their order, whether its answer is right. */
public interface Verdicts extends Closeable {
    /** Whether the answer of the next generation is right. */
    boolean isCorrect(BenchmarkProblem problem, Generation generation);

    @Override
    default void close() {}

    /**
     * Verdicts by comparison of the final answer with the references, with the faults of the
     * published harness mended. Programs are not run, so their problems are refused.
     */
    static Verdicts byAnswer() {
        return (problem, generation) -> {
            if (problem.answerType() == AnswerType.CODE
                    || problem.answerType() == AnswerType.NONE) {
                throw new InputException(
                        "problem %s: answers of the type %s need a file of scores"
                                .formatted(problem.idText(), problem.answerType().jsonName()));
            }
            String answer = Extraction.of(generation.text(), AnswerMode.DEFAULT).text();
            return answer != null
                    && problem.answers().stream()
                            .anyMatch(
                                    each ->
                                            AnswerEquality.compareAnswers(
                                                            answer, each, AnswerMode.DEFAULT)
                                                    .correct());
        };
    }

    /**
     * Verdicts of a file of scores, which has the order of the generations.
     *
     * @throws InputException if the file cannot be opened
     */
    static Verdicts of(Path scores) {
        JsonLines<Score> lines = JsonLines.open(scores, Score::of);
        return new Verdicts() {
            @Override
            public boolean isCorrect(BenchmarkProblem problem, Generation generation) {
                Score score = lines.next();
                if (score == null
                        || !score.idText().equals(generation.idText())
                        || score.sample() != generation.sample()) {
                    throw new InputException(
                            "%s: is not the score of the generation %s, sample %d"
                                    .formatted(
                                            lines.source(),
                                            generation.idText(),
                                            generation.sample()));
                }
                return Boolean.TRUE.equals(score.correct());
            }

            @Override
            public void close() {
                lines.close();
            }
        };
    }
}
