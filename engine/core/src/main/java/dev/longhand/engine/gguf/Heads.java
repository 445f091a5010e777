package dev.longhand.engine.gguf;

import dev.longhand.engine.error.InputException;

import java.util.regex.Pattern;

/**
 * The order in which a file has the rows of queries and keys. Files of Llama have the rows of each
 * head interleaved, for kernels that rotate adjacent elements. Source: {@code LlamaModel.permute}
 * in {@code convert_hf_to_gguf.py} of llama.cpp.
 *
 * @param interleaved elements of a head whose rows are interleaved; 0 if none are
 */
record Heads(int interleaved) {
    private static final String INTERLEAVING = "llama";
    private static final Pattern ROWS_OF_HEADS =
            Pattern.compile(".*self_attn\\.[qk]_proj\\.(weight|bias|lora_B\\.weight)");

    /**
     * Returns the order in a model's file.
     *
     * @throws InputException if the file does not say how many elements a head has
     */
    static Heads of(GgufMetadata metadata) {
        String architecture = ModelConstants.architecture(metadata);
        if (!architecture.equals(INTERLEAVING)) {
            return new Heads(0);
        }
        int heads =
                metadata.requiredInteger(
                        architecture + ".attention.head_count", 1, Integer.MAX_VALUE);
        int width =
                metadata.requiredInteger(architecture + ".embedding_length", 1, Integer.MAX_VALUE);
        return new Heads(
                metadata.integer(architecture + ".attention.key_length", 2, 1 << 16)
                        .orElse(width / heads));
    }

    /** Returns the order in an adapter's file, for a model with heads of so many elements. */
    static Heads ofAdapter(GgufMetadata metadata, int headDim) {
        boolean interleaving = ModelConstants.architecture(metadata).equals(INTERLEAVING);
        return new Heads(interleaving ? headDim : 0);
    }

    /**
     * Returns a tensor with the order of its rows.
     *
     * @throws InputException if it has no whole heads
     */
    GgufTensor ordered(String name, GgufTensor tensor) {
        if (interleaved == 0 || !ROWS_OF_HEADS.matcher(name).matches()) {
            return tensor;
        }
        if (interleaved % 2 != 0 || tensor.shape().extent(0) % interleaved != 0) {
            throw new InputException(
                    "tensor %s of shape %s has no whole heads of %d elements"
                            .formatted(name, tensor.shape(), interleaved));
        }
        return tensor.ofHeads(interleaved);
    }
}
