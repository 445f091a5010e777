package dev.longhand.bench.generation;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.memory.MemoryPlan;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

/**
 * What a decode step has to read, computed from what the engine keeps in memory: every weight once,
 * an unmerged adapter once, and each row's keys and values.
 *
 * @param weights bytes of all weights but an embedding that is not also the head: of that, a row
 * @param adapter bytes of the adapter that all rows share
 * @param kvPerPosition bytes of one position's keys and values in all layers
 */
record StepBytes(long weights, long adapter, double kvPerPosition) {
    /**
     * Of an engine whose plan this is.
     *
     * @param weights how they are kept; quantised, a tied head is a matrix of its own
     * @param sequencesMax of the engine: its pool has a page more for each but one
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

    /** Bytes per token of a step of {@code batch} rows that see so many positions each. */
    double perToken(double positions, int batch) {
        return (double) (weights + adapter) / batch + kvPerPosition * positions;
    }
}
