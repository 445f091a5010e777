package dev.longhand.engine.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.attention.AttentionOptions;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the readers of families take from {@code config.json}, and what they refuse. */
class FamilyConfigTest {
    @TempDir private Path folder;

    private ModelConfig read(String architecture, String changes) throws IOException {
        JsonMapper mapper = new JsonMapper();
        ObjectNode config =
                (ObjectNode)
                        mapper.readTree(
                                """
                                {"hidden_size": 64, "num_attention_heads": 4,
                                 "num_key_value_heads": 2, "head_dim": 32, "intermediate_size": 96,
                                 "num_hidden_layers": 4, "vocab_size": 99, "rms_norm_eps": 1e-6,
                                 "max_position_embeddings": 4096, "rope_theta": 10000.0}
                                """);
        config.setAll((ObjectNode) mapper.readTree(written(changes)));
        config.putArray("architectures").add(architecture);
        Files.writeString(folder.resolve("config.json"), config.toString());
        return ModelConfig.read(folder);
    }

    /** Writes out what the tables abbreviate. */
    private static String written(String changes) {
        return changes.replace("FULL", "'full_attention'")
                .replace("SLIDING", "'sliding_attention'")
                .replace("FROM", "'max_window_layers'")
                .replace("USE", "'use_sliding_window': true, 'sliding_window':")
                .replace(
                        "GEMMA",
                        "'query_pre_attn_scalar': 16, 'attn_logit_softcapping': 50.0,"
                                + " 'final_logit_softcapping': null")
                .replace('\'', '"');
    }

    /** A setting that changes what a model computes is refused by its name if it is not known. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    LlamaForCausalLM   | {'mlp_bias': true}               | mlp_bias is true
                    LlamaForCausalLM   | {'hidden_act': 'gelu'}           | hidden_act is "gelu"
                    LlamaForCausalLM   | {'partial_rotary_factor': 0.5}   | partial_rotary_factor is
                    LlamaForCausalLM   | {'rope_scaling': {'rope_type': 'llama3'}} | low_freq_factor
                    MistralForCausalLM | {'hidden_act': 'gelu'}           | hidden_act is "gelu"
                    Qwen3ForCausalLM   | {'head_dim': null}               | head_dim is missing
                    Qwen3ForCausalLM   | {'layer_types': [FULL]} | layer_types has 1 entries
                    Qwen2ForCausalLM   | {USE 8} | max_window_layers is missing
                    Qwen2ForCausalLM   | {'layer_types': [FULL, SLIDING, FULL, FULL]} | names a window
                    MistralForCausalLM | {'layer_types': [FULL, 'chunked', FULL, FULL]} | names "chunked"
                    MistralForCausalLM | {'head_dim': 512}                | head_dim is 512
                    Gemma2ForCausalLM  | {GEMMA, 'head_dim': null}        | head_dim is missing
                    Gemma2ForCausalLM  | {GEMMA, 'hidden_activation': 'gelu'} | hidden_activation is "gelu"
                    Gemma2ForCausalLM  | {GEMMA, 'use_bidirectional_attention': true} | use_bidirectional
                    Gemma2ForCausalLM  | {}                               | query_pre_attn_scalar
                    Gemma2ForCausalLM  | {'query_pre_attn_scalar': 32}    | attn_logit_softcapping is missing
                    """)
    void refuses(String architecture, String changes, String message) {
        InputException e = assertThrows(InputException.class, () -> read(architecture, changes));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    /** Which layers see a window, from the settings of the family or from layer_types. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    MistralForCausalLM | {'sliding_window': 8}    | 8 8 8 8
                    MistralForCausalLM | {'sliding_window': null} | 0 0 0 0
                    MistralForCausalLM | {'sliding_window': 4096} | 0 0 0 0
                    Qwen2ForCausalLM   | {'sliding_window': 8, FROM: 1} | 0 0 0 0
                    Qwen2ForCausalLM   | {USE 8, FROM: 3} | 0 0 0 8
                    Qwen3ForCausalLM   | {USE 8, FROM: 0} | 8 8 8 8
                    Qwen3ForCausalLM   | {USE 8, 'layer_types': [FULL, SLIDING, FULL, SLIDING]} | 0 8 0 8
                    Gemma2ForCausalLM  | {GEMMA, 'sliding_window': 8} | 8 0 8 0
                    """)
    void readsWindows(String architecture, String changes, String windows) throws IOException {
        ModelConfig config = read(architecture, changes);
        assertEquals(
                windows,
                IntStream.range(0, config.layers())
                        .mapToObj(layer -> String.valueOf(config.attention(layer).window()))
                        .collect(Collectors.joining(" ")));
    }

    /**
     * Dual chunk attention, which is not computed here, is ordinary within its first chunk: the
     * model has no more positions.
     */
    @Test
    void qwen2OfAMillionTokensEndsWithItsFirstChunk() throws IOException {
        String chunks = "{'dual_chunk_attention_config': {'chunk_size': 1024, 'local_size': 64}}";
        assertEquals(960, read("Qwen2ForCausalLM", chunks).maxPositions());
        assertEquals(4096, read("Qwen2ForCausalLM", "{}").maxPositions());
    }

    @Test
    void gemma2HasFactorsAndBounds() throws IOException {
        ModelConfig config = read("Gemma2ForCausalLM", "{GEMMA}");
        assertTrue(config.tiedEmbeddings());
        assertEquals(new AttentionOptions(0.25f, 50, 0), config.attention(1));
        assertEquals(8, config.traits().scales().embedding());
        assertEquals(0, config.traits().scales().logitCap());
        LayerLayout layer = config.layout().layers().getFirst();
        assertEquals(
                List.of(
                        "input_layernorm",
                        "post_attention_layernorm",
                        "pre_feedforward_layernorm",
                        "post_feedforward_layernorm"),
                layer.norms().stream()
                        .map(norm -> norm.name().replace("model.layers.0.", ""))
                        .toList());
    }

    @Test
    void llamaHasBiasesWhereTheFileSays() throws IOException {
        assertEquals(DecoderTraits.LLAMA, read("LlamaForCausalLM", "{}").traits());
        LayerLayout layer =
                read("LlamaForCausalLM", "{'attention_bias': true}").layout().layers().getFirst();
        layer.linears()
                .forEach(
                        (projection, module) ->
                                assertEquals(
                                        projection.compareTo(Projection.O) <= 0,
                                        module.biased(),
                                        module.name()));
    }
}
