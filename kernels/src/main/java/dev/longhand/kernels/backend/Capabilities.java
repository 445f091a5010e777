package dev.longhand.kernels.backend;

import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

import java.util.Map;
import java.util.Optional;

/**
 * What a backend supports. Constant while it is open.
 *
 * @param description the backend in words, for example {@code cpu (avx2, 2 threads)}
 * @param kvDtype the most precise dtype in which it stores keys and values
 * @param samplesInOrder whether {@link DecoderOps#sample} samples one row after the other and skips
 *     rows whose state does not count, so that draft tokens may be combined with penalties;
 *     otherwise all rows are sampled at once
 * @param unsupportedWeights quantised weight dtypes that it cannot read, each with the reason
 * @param attention which KV caches its attention supports
 */
public record Capabilities(
        String description,
        DType kvDtype,
        boolean samplesInOrder,
        Map<DType, String> unsupportedWeights,
        AttentionSupport attention) {
    /** The KV caches that a backend's attention supports. */
    @FunctionalInterface
    public interface AttentionSupport {
        /** Attention over any cache and number of query heads. */
        AttentionSupport ANY = (shape, heads) -> Optional.empty();

        /** Why a cache with a number of query heads is not supported; empty if it is. */
        Optional<String> refusal(KvShape shape, int heads);
    }

    public Capabilities {
        unsupportedWeights = Map.copyOf(unsupportedWeights);
    }

    /** Why weights of a dtype are not supported; empty if they are. */
    public Optional<String> refusal(DType weights) {
        return Optional.ofNullable(unsupportedWeights.get(weights));
    }

    /** Why a KV cache with a number of query heads is not supported; empty if it is. */
    public Optional<String> refusal(KvShape shape, int heads) {
        return attention.refusal(shape, heads);
    }
}
