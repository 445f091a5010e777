package dev.longhand.app.train;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.TrainingPlan;

import java.util.Locale;
import java.util.OptionalLong;

/** The memory plan of a run: shown, and refused if it does not fit. */
final class MemoryView {
    private static final int MEBIBYTE = 1 << 20;

    private MemoryView() {}

    /**
     * Returns the plan as a table.
     *
     * @param gpu usable bytes of a GPU; empty if the run computes in host memory
     * @param answers memory in bytes of the engine that answers; 0 without answers, and on a GPU,
     *     whose memory that engine checks itself when it opens
     */
    static String table(
            TrainingPlan plan,
            DecoderOptions options,
            int tokensMax,
            OptionalLong gpu,
            long answers) {
        String parts = parts(plan, options, tokensMax);
        return gpu.isPresent()
                ? parts + DeviceMemoryView.table(plan, options, gpu.getAsLong())
                : parts + together(plan, answers);
    }

    private static String parts(TrainingPlan plan, DecoderOptions options, int tokensMax) {
        return String.format(
                Locale.ROOT,
                "frozen weights    %,10d MiB%n"
                        + "trained           %,10d MiB: %,d parameters with gradient and moments%n"
                        + "longest sequence  %,10d MiB: %,d tokens, %s%n",
                plan.frozen().bytes() / MEBIBYTE,
                plan.trained().bytes() / MEBIBYTE,
                plan.trained().parameters(),
                plan.sequence().bytes() / MEBIBYTE,
                tokensMax,
                options.recompute() ? "layers recomputed" : "all activations kept");
    }

    private static String together(TrainingPlan plan, long answers) {
        String beside =
                answers == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "answers           %,10d MiB: an engine beside the training%n",
                                answers / MEBIBYTE);
        return beside
                + String.format(
                        Locale.ROOT,
                        "kernels           %,10d MiB: rotations and scratch memory%n"
                                + "together          %,10d MiB of %,d MiB available; this process"
                                + " has %,d MiB already%n",
                        plan.scratchBytes() / MEBIBYTE,
                        (plan.bytes() + answers) / MEBIBYTE,
                        HostMemory.availableBytes() / MEBIBYTE,
                        HostMemory.residentBytes() / MEBIBYTE);
    }

    /**
     * Checks that a run fits into memory.
     *
     * @param gpu usable bytes of a GPU; empty if the run computes in host memory
     * @param answers memory in bytes of the engine that answers
     * @throws InputException if it does not; the message has the numbers and a remedy
     */
    static void require(
            TrainingPlan plan,
            DecoderOptions options,
            String longest,
            OptionalLong gpu,
            long answers) {
        if (gpu.isPresent()) {
            DeviceMemoryView.require(plan, options, longest, gpu.getAsLong());
            return;
        }
        long available = HostMemory.availableBytes();
        if (plan.bytes() + answers <= available) {
            return;
        }
        throw new InputException(
                String.format(
                        Locale.ROOT,
                        "the run takes %,d MiB, of which %,d are for the longest demonstration, %s,"
                                + " and %,d for the answers; %,d MiB are available%nUse %s",
                        (plan.bytes() + answers) / MEBIBYTE,
                        plan.sequence().bytes() / MEBIBYTE,
                        longest,
                        answers / MEBIBYTE,
                        available / MEBIBYTE,
                        options.recompute()
                                ? "a smaller --max-length or --rank, or --weights int8 or int4"
                                : "--checkpointing layer"));
    }
}
