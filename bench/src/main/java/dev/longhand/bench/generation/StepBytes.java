package dev.longhand.bench.generation;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.engine.Engine;
import dev.longhand.engine.ModelSummary;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.status.MemoryPlan;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

/**
 * The bytes that a decode step reads, computed from the engine's memory plan: every weight once, an
 * unmerged adapter once, and the keys and values of each row.
 *
 * @param weights bytes of the weights without an untied embedding, of which a step reads one row
 * @param adapter bytes of the adapter, which all rows share
 * @param kvPerPosition bytes of the keys and values of one position in all layers
 */
record StepBytes(long weights, long adapter, double kvPerPosition) {
    /**
     * Computes the bytes of an engine with this memory plan.
     *
     * @param weights the dtype of the weights; a quantised head is a separate matrix even if it is
     *     tied
     * @param sequencesMax the limit of the engine on sequences; its page pool has one page more for
     *     each sequence after the first
     */
    static StepBytes of(
            MemoryPlan plan,
            ModelConfig model,
            DType weights,
            int sequencesMax,
            long adapterBytes) {
        long embedding =
                model.tiedEmbeddings() && !weights.quantized()
                        ? 0
                        : DType.BF16.bytes(model.layout().embedding().shape());
        int pages = KvShape.pagesFor(Math.toIntExact(plan.kvPositions())) + sequencesMax - 1;
        return new StepBytes(
                plan.weightBytes() - embedding,
                adapterBytes,
                (double) plan.kvBytes() / pages / KvShape.PAGE_POSITIONS);
    }

    /**
     * Returns the bytes of a step of one sequence without an adapter, by an engine's plan for it.
     */
    static StepBytes of(ModelChoice choice, int context) {
        ModelSummary summary =
                Engine.inspect(
                        choice.engine().withContextTokensMax(context + 1).withSequencesMax(1));
        return of(summary.memory(), summary.model(), choice.weights(), 1, 0);
    }

    /**
     * Returns the bytes per token of a step of {@code batch} rows that attend to {@code positions}
     * each.
     */
    double perToken(double positions, int batch) {
        return (double) (weights + adapter) / batch + kvPerPosition * positions;
    }
}
