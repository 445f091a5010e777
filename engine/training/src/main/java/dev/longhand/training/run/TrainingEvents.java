package dev.longhand.training.run;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight Recorder events of a run. They never contain data. */
final class TrainingEvents {
    private TrainingEvents() {}

    /** A step; the duration is that of its passes and its update. */
    @Name("dev.longhand.TrainingStep")
    @Label("Training step")
    @Category("Longhand")
    @StackTrace(false)
    static final class Step extends Event {
        long step;
        double loss;
        double gradientNorm;
        double learningRate;
        long tokens;
        long labelTokens;
    }

    /** An evaluation. */
    @Name("dev.longhand.TrainingEvaluation")
    @Label("Training evaluation")
    @Category("Longhand")
    @StackTrace(false)
    static final class Evaluated extends Event {
        long step;
        double loss = Double.NaN; // without held-out demonstrations
        double tokenAccuracy = Double.NaN;
        int correctAnswers;
        int answers; // 0 if none were asked for
    }

    /** A checkpoint or a folder of weights was written. */
    @Name("dev.longhand.TrainingSave")
    @Label("Training save")
    @Category("Longhand")
    @StackTrace(false)
    static final class Saved extends Event {
        long step;
        String file = "";
    }
}
