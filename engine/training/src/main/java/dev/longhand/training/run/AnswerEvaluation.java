package dev.longhand.training.run;

import dev.longhand.training.output.ReplacedFolder;

import java.io.IOException;

/** Measures the answers that a model in training would give to users, at every evaluation. */
public interface AnswerEvaluation {
    /**
     * Identifies all that decides the answers but the weights, such as a hash of the problems. A
     * run resumes only with the same.
     */
    String identity();

    /**
     * Answers with the weights as they are. The same weights give the same score, so that a resumed
     * run chooses the same best ones.
     *
     * @param step updates so far
     * @param weights writes the weights into a folder that exists and is empty, in the form of the
     *     run's {@code last}
     * @throws IOException if files cannot be written; the run reports it and goes on
     */
    AnswerScore evaluate(long step, ReplacedFolder.Content weights) throws IOException;
}
