package dev.longhand.training.run;

import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Finds the tensor with the first gradient that is not finite. */
final class NonFinite {
    private NonFinite() {}

    static String tensor(TrainableModel model) {
        for (TrainedTensor tensor : model.tensors()) {
            MemorySegment gradient = tensor.gradient();
            for (long i = 0; i < tensor.shape().elements(); i++) {
                if (!Float.isFinite(gradient.getAtIndex(ValueLayout.JAVA_FLOAT, i))) {
                    return tensor.name();
                }
            }
        }
        return "their sum";
    }
}
