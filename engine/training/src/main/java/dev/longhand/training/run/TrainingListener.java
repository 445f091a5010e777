package dev.longhand.training.run;

/** Receives the progress of a run, on the thread of the run. */
public interface TrainingListener {
    /** A listener that ignores everything. */
    TrainingListener NONE = new TrainingListener() {};

    /**
     * The run begins.
     *
     * @param firstStep steps that an earlier process has done
     * @param steps all steps
     * @param tokens tokens of the steps that remain
     */
    default void began(long firstStep, long steps, long tokens) {}

    /** A step is done. */
    default void stepped(StepRecord step) {}

    /** An evaluation is done. */
    default void evaluated(EvaluationRecord evaluation) {}

    /** Something failed that does not end the run, such as a save. */
    default void warned(String message) {}
}
