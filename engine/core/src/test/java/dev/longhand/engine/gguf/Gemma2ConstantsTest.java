package dev.longhand.engine.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.architecture.DecoderTraits.Scales;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** What a file of Gemma 2 says, and what it means where it says nothing. */
class Gemma2ConstantsTest {
    private static final String PATTERN = "gemma2.attention.sliding_window_pattern";

    @TempDir private Path folder;

    /** The constants of a model with heads of 16, narrower than the width has room for. */
    private static GgufBytes file(int layers) {
        GgufBytes file = new GgufBytes().text("general.architecture", "gemma2");
        file.number("gemma2.embedding_length", 96).number("gemma2.block_count", layers);
        file.number("gemma2.feed_forward_length", 64).number("gemma2.context_length", 8192);
        file.number("gemma2.attention.head_count", 4).number("gemma2.attention.head_count_kv", 2);
        file.number("gemma2.attention.key_length", 16).number("gemma2.attention.value_length", 16);
        file.number("gemma2.attention.layer_norm_rms_epsilon", 1e-6f);
        return file.zeros("token_embd.weight", 96, 5);
    }

    private ModelConfig read(GgufBytes file) {
        return ModelConfig.read(file.write(folder.resolve("gemma.gguf")));
    }

    @Test
    void absentKeysHaveTheValuesOfLlamaCpp() {
        ModelConfig config = read(file(4));
        Scales scales = config.traits().scales();
        assertEquals(50, scales.attentionCap());
        assertEquals(30, scales.logitCap());
        assertEquals((float) Math.sqrt(96), scales.embedding());
        assertEquals(List.of(4096, 0, 4096, 0), config.traits().windows());
        assertEquals(10_000, config.rope().theta());
        assertTrue(config.tiedEmbeddings());
        assertEquals(0, config.traits().norms().base());
    }

    /** Only the model of 46 layers divides by the width of a head that the width has room for. */
    @ParameterizedTest
    @CsvSource({"26, 16", "42, 16", "46, 24", "47, 16"})
    void queriesAreScaledByTheModelsRule(int layers, int scalar) {
        assertEquals(
                (float) (1 / Math.sqrt(scalar)), read(file(layers)).traits().scales().attention());
    }

    @Test
    void whatItDoesNotComputeIsRefused() {
        refused("sliding_window_pattern is not 2", file -> file.number(PATTERN, 6));
        refused("freq_base_swa", file -> file.number("gemma2.rope.freq_base_swa", 1e6f));
        refused("softcapping", file -> file.number("gemma2.attn_logit_softcapping", 0f));
        refused("sliding_window", file -> file.number("gemma2.attention.sliding_window", 0));
        refused("head_dim is missing", file -> file.remove("gemma2.attention.key_length"));
        refused("num_attention_heads", file -> file.number("gemma2.attention.head_count", 0));
        assertEquals(
                read(file(4)),
                read(file(4).number(PATTERN, 2).number("gemma2.rope.freq_base_swa", 1e4f)));
    }

    private void refused(String says, Consumer<GgufBytes> change) {
        GgufBytes file = file(46);
        change.accept(file);
        String message = assertThrows(InputException.class, () -> read(file)).getMessage();
        assertTrue(message.contains(says), message);
    }
}
