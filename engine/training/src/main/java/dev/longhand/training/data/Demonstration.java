package dev.longhand.training.data;

import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.training.model.TrainingSequence;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A tokenised demonstration. Do not change the arrays.
 *
 * @param source file and line, for messages
 * @param ids token ids, at least 2
 * @param learned the learned tokens as ranges: first, end, first, end, ..., ascending, none empty
 * @param teachesEnd whether the end of an answer is learned
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Demonstration(String source, int[] ids, int[] learned, boolean teachesEnd) {
    /** Returns the number of labels. The first token has no row that predicts it. */
    public int labels() {
        int labels = 0;
        for (int i = 0; i < learned.length; i += 2) {
            labels += learned[i + 1] - Math.max(1, learned[i]);
        }
        return labels;
    }

    /** Returns the number of tokens that are neither labels nor the first. */
    public int promptTokens() {
        return ids.length - 1 - labels();
    }

    /** Returns the sequence for a model in training, whose prompt is not learned. */
    public TrainingSequence sequence(double labelWeight, long dropoutKey) {
        return sequence(labelWeight, 0, dropoutKey);
    }

    /**
     * Returns the sequence for a model in training.
     *
     * @param promptWeight weight of each token of {@link #promptTokens()}, 0 for none
     */
    public TrainingSequence sequence(double labelWeight, double promptWeight, long dropoutKey) {
        int[] labels = new int[ids.length];
        Arrays.fill(labels, TrainingSequence.NO_LABEL);
        for (int i = 0; i < learned.length; i += 2) {
            System.arraycopy(ids, learned[i], labels, learned[i], learned[i + 1] - learned[i]);
        }
        return new TrainingSequence(ids, labels, labelWeight, promptWeight, dropoutKey);
    }

    /** Returns the text of tokens from a position to another, with the special ones spelled out. */
    public String text(TokenTable table, int from, int end) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = from; i < end; i++) {
            for (int j = 0; j < table.length(ids[i]); j++) {
                bytes.write(table.byteAt(ids[i], j));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Returns whether the token at a position is learned. */
    public boolean isLearned(int position) {
        for (int i = 0; i < learned.length; i += 2) {
            if (position >= learned[i] && position < learned[i + 1]) {
                return true;
            }
        }
        return false;
    }
}
