package dev.longhand.app.train;

import dev.longhand.training.run.Batches;
import dev.longhand.training.run.Optimization;
import dev.longhand.training.run.Schedule;
import dev.longhand.training.run.TrainingConfig;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.Map;

/** Options of steps, optimizer, evaluations and checkpoints. */
final class TrainLoopOptions {
    /** The treatment of the rest of an epoch, less than a step. */
    enum Remainder {
        KEEP,
        DROP
    }

    private static final double LORA_RATE = 1e-4;
    private static final double FULL_RATE = 1e-5;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            description = "Peak learning rate (default: 1e-4 for LoRA, 1e-5 for full).")
    private @Nullable Double rate;

    @Option(
            names = "--schedule",
            paramLabel = "KIND",
            defaultValue = "cosine",
            description = "cosine, linear, constant or wsd.")
    private Schedule.Kind schedule = Schedule.Kind.COSINE;

    @Option(
            names = "--warmup",
            paramLabel = "W",
            defaultValue = "0.1",
            description = "Below 1 a share of all steps, else steps (default: ${DEFAULT-VALUE}).")
    private double warmup;

    @Option(
            names = "--min-lr",
            paramLabel = "F",
            defaultValue = "0",
            description = "Learning rate at the end over the peak.")
    private double minimum;

    @Option(
            names = "--decay",
            paramLabel = "F",
            defaultValue = "0.1",
            description = "Share of the steps in which wsd falls.")
    private double decay;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "3", description = "Epochs.")
    private int epochs;

    @Option(names = "--steps", paramLabel = "N", description = "Steps, in place of epochs.")
    private @Nullable Integer steps;

    @Option(
            names = "--micro-batch",
            paramLabel = "N",
            defaultValue = "1",
            description = "Sequences in one pass; changes no bit of the result.")
    private int microBatch;

    @Option(
            names = "--accumulate",
            paramLabel = "N",
            defaultValue = "96",
            description = "Passes in one step (default: ${DEFAULT-VALUE}).")
    private int accumulate;

    @Option(
            names = "--remainder",
            paramLabel = "HOW",
            defaultValue = "keep",
            description = "keep or drop the rest of an epoch that does not fill a step.")
    private Remainder remainder = Remainder.KEEP;

    @Option(
            names = "--normalise",
            paramLabel = "HOW",
            defaultValue = "sequence",
            description = "Loss: mean over sequence, then sequences; or over token.")
    private Batches.Normalisation normalisation = Batches.Normalisation.SEQUENCE;

    @Option(
            names = "--prompt-loss-weight",
            paramLabel = "W",
            defaultValue = "0",
            description = "Weight of a prompt's token over a label's, from 0 (not learned) to 1.")
    private double promptLossWeight;

    @Option(names = "--no-shuffle", description = "Every epoch has the order of the files.")
    private boolean plainOrder;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "42",
            description = "Key of orders, dropout and the initial adapter.")
    private long seed;

    @Option(names = "--clip", paramLabel = "N", defaultValue = "1", description = "Norm limit.")
    private double clip;

    @Option(names = "--beta1", paramLabel = "B", defaultValue = "0.9", description = "AdamW.")
    private double beta1;

    @Option(names = "--beta2", paramLabel = "B", defaultValue = "0.999", description = "AdamW.")
    private double beta2;

    @Option(names = "--epsilon", paramLabel = "E", defaultValue = "1e-8", description = "AdamW.")
    private double epsilon;

    @Option(
            names = "--weight-decay",
            paramLabel = "D",
            defaultValue = "0",
            description = "Decoupled weight decay.")
    private double weightDecay;

    @Option(
            names = "--lora-plus",
            paramLabel = "F",
            defaultValue = "1",
            description = "Learning rate of B over that of A (LoRA+).")
    private double loraPlus;

    @Option(
            names = "--eval-every",
            paramLabel = "N",
            defaultValue = "0",
            description = "Steps between evaluations; 0: one per epoch.")
    private int evaluateEvery;

    @Option(
            names = "--patience",
            paramLabel = "P",
            defaultValue = "0",
            description = "Evaluations without a new best that end the run; 0: never.")
    private int patience;

    @Option(
            names = "--save-every",
            paramLabel = "N",
            defaultValue = "0",
            description = "Steps between checkpoints; 0: one per epoch.")
    private int saveEvery;

    @Option(
            names = "--keep",
            paramLabel = "N",
            defaultValue = "3",
            description = "Checkpoints that are kept.")
    private int keep;

    @Option(
            names = "--resume",
            description = "Continues from the newest checkpoint, with the same bits.")
    private boolean resume;

    @Option(names = "--extend", description = "Allows a resumed run another number of steps.")
    private boolean extend;

    long seed() {
        return seed;
    }

    /** Returns the settings of a run. */
    TrainingConfig config(Path out, boolean lora, Map<String, String> provenance) {
        double peak = rate != null ? rate : lora ? LORA_RATE : FULL_RATE;
        return new TrainingConfig(
                out,
                new Optimization(
                        peak,
                        new Schedule(schedule, warmup, minimum, decay),
                        clip,
                        beta1,
                        beta2,
                        epsilon,
                        weightDecay,
                        loraPlus),
                batches(),
                new TrainingConfig.Evaluation(evaluateEvery, patience),
                new TrainingConfig.Saves(saveEvery, keep, resume, extend),
                provenance);
    }

    private Batches batches() {
        return new Batches(
                microBatch,
                accumulate,
                epochs,
                steps,
                normalisation,
                promptLossWeight,
                !plainOrder,
                seed,
                remainder == Remainder.KEEP);
    }
}
