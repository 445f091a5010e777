package dev.longhand.study.curate;

import dev.longhand.batch.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;

import java.io.Closeable;
import java.nio.file.Path;

/** Says of each generation of a file, in their order, whether its answer is right. */
public interface Verdicts extends Closeable {
    /** Whether the answer of the next generation is right. */
    boolean isCorrect(Generation generation);

    @Override
    default void close() {}

    /**
     * Verdicts of a file of scores, which has the order of the generations.
     *
     * @throws InputException if the file cannot be opened
     */
    static Verdicts of(Path scores) {
        JsonLines<Score> lines = JsonLines.open(scores, Score::of);
        return new Verdicts() {
            @Override
            public boolean isCorrect(Generation generation) {
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
