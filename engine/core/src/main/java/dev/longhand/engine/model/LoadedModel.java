package dev.longhand.engine.model;

import dev.longhand.kernels.backend.DecoderOps;
import dev.longhand.kernels.kvcache.KvCache;

/**
 * A model that can compute steps. The weights belong to its {@link ModelLoader}.
 *
 * @param model forward pass
 * @param ops ops of the model's backend
 * @param kv cache of all sequences; closed with the model
 */
public record LoadedModel(DecoderModel model, DecoderOps ops, KvCache kv) implements AutoCloseable {
    @Override
    public void close() {
        kv.close();
    }
}
