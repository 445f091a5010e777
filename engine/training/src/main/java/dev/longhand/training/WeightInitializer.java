package dev.longhand.training;

import dev.longhand.engine.file.Sha256;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Initial weights of a model that learns from scratch. */
public final class WeightInitializer {
    private static final double DEVIATION = 0.02; // initializer_range of Qwen2.5

    private WeightInitializer() {}

    /**
     * Draws all matrices from a normal distribution, and sets norms to 1 and biases to 0, as
     * transformers does. The values of a tensor depend on seed and name only.
     */
    public static void random(TrainableModel model, long seed) {
        for (TrainedTensor tensor : model.tensors()) {
            boolean matrix = tensor.shape().rank() > 1;
            float constant = tensor.name().endsWith("norm.weight") ? 1 : 0;
            byte[] key = Sha256.bytes(seed + ":weights:" + tensor.name());
            SplittableRandom random = new SplittableRandom(ByteBuffer.wrap(key).getLong());
            for (long i = 0; i < tensor.shape().elements(); i++) {
                float value = matrix ? (float) (DEVIATION * random.nextGaussian()) : constant;
                tensor.master().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            }
        }
        model.publishMasters();
    }
}
