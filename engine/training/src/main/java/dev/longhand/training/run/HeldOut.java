package dev.longhand.training.run;

import dev.longhand.training.data.Dataset;
import dev.longhand.training.data.Demonstration;
import dev.longhand.training.model.TrainableModel;

/** Evaluation on demonstrations that are not learned. */
final class HeldOut {
    private HeldOut() {}

    /** Evaluates all demonstrations, in their order. */
    static LabelScore evaluate(TrainableModel model, Dataset held, Batches batches) {
        double sum = 0;
        double meansSum = 0;
        long labels = 0;
        long correct = 0;
        for (Demonstration each : held.demonstrations()) {
            TrainableModel.Evaluation evaluation = model.evaluate(each.sequence(1, 0));
            sum += evaluation.lossSum();
            meansSum += evaluation.lossSum() / evaluation.labels();
            labels += evaluation.labels();
            correct += evaluation.correct();
        }
        double loss =
                switch (batches.normalisation()) {
                    case SEQUENCE -> meansSum / held.demonstrations().size();
                    case TOKEN -> sum / labels;
                };
        return new LabelScore(loss, (double) correct / labels);
    }
}
