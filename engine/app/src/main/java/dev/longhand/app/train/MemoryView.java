package dev.longhand.app.train;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.TrainingPlan;

import java.util.Locale;

/** The memory plan of a run: shown, and refused if it does not fit. */
final class MemoryView {
    private static final int MEBIBYTE = 1 << 20;

    private MemoryView() {}

    static String table(TrainingPlan plan, DecoderOptions options, int tokensMax) {
        return String.format(
                Locale.ROOT,
                "frozen weights    %,10d MiB%n"
                        + "trained           %,10d MiB: %,d parameters with gradient and moments%n"
                        + "longest sequence  %,10d MiB: %,d tokens, %s%n"
                        + "together          %,10d MiB of %,d MiB available%n",
                plan.frozenBytes() / MEBIBYTE,
                plan.trainedBytes() / MEBIBYTE,
                plan.trainedParameters(),
                plan.sequenceBytes() / MEBIBYTE,
                tokensMax,
                options.recompute() ? "layers recomputed" : "all activations kept",
                plan.bytes() / MEBIBYTE,
                HostMemory.availableBytes() / MEBIBYTE);
    }

    /**
     * Checks that a run fits into memory.
     *
     * @throws InputException if it does not; the message has the numbers and a remedy
     */
    static void require(TrainingPlan plan, DecoderOptions options, String longest) {
        long available = HostMemory.availableBytes();
        if (plan.bytes() <= available) {
            return;
        }
        throw new InputException(
                String.format(
                        Locale.ROOT,
                        "the run takes %,d MiB, of which %,d are for the longest demonstration, %s;"
                                + " %,d MiB are available%nUse %s",
                        plan.bytes() / MEBIBYTE,
                        plan.sequenceBytes() / MEBIBYTE,
                        longest,
                        available / MEBIBYTE,
                        options.recompute()
                                ? "a smaller --max-length or --rank, or --weights int8 or int4"
                                : "--checkpointing layer"));
    }
}
