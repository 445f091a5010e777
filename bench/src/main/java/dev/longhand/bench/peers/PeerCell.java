package dev.longhand.bench.peers;

import dev.longhand.bench.report.Metric;

import java.util.Locale;

/**
 * One measurement of both engines.
 *
 * @param model shape or folder name
 * @param weights dtype of Longhand's weights, in lower case
 * @param peer GGUF type of llama.cpp's weights
 * @param phase decode or prefill
 * @param tokens positions before a decode step, or tokens of the prompt
 * @param llamaCpp its value in the unit of the phase
 * @param longhand our value in the same unit
 */
record PeerCell(
        String model,
        String weights,
        String peer,
        Phase phase,
        int tokens,
        double llamaCpp,
        double longhand) {
    /** What is measured. */
    enum Phase {
        DECODE("ms/token"),
        PREFILL("tokens/s");

        private final String unit;

        Phase(String unit) {
            this.unit = unit;
        }

        /** The measured quantity. */
        Metric metric() {
            return Metric.of(unit);
        }
    }

    /** How many times as fast Longhand is. */
    double speedup() {
        return phase == Phase.DECODE ? llamaCpp / longhand : longhand / llamaCpp;
    }

    /** The row of a table that the measurement belongs to. */
    String row() {
        return phase == Phase.DECODE
                ? String.format(Locale.ROOT, "%s, context %,d", model, tokens)
                : "%s, prefill of %d, %s".formatted(model, tokens, phase.metric().label());
    }

    /** The column of a table that the measurement belongs to. */
    String column() {
        return weights + " beside " + peer;
    }
}
