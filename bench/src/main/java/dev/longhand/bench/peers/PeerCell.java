package dev.longhand.bench.peers;

import dev.longhand.bench.report.Metric;

import java.util.Locale;

/**
 * One measurement of both engines.
 *
 * @param model shape or folder name of the model
 * @param weights dtype of Longhand's weights, in lower case
 * @param peer GGUF type of llama.cpp's weights
 * @param phase decode or prefill
 * @param tokens the number of positions before a decode step, or of tokens of the prompt
 * @param llamaCpp llama.cpp's value, in the unit of the phase
 * @param longhand Longhand's value, in the same unit
 */
record PeerCell(
        String model,
        String weights,
        String peer,
        Phase phase,
        int tokens,
        double llamaCpp,
        double longhand) {
    /** The phase of a generation that is measured. */
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

    /** Longhand's speed, as a multiple of llama.cpp's. */
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
