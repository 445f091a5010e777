package dev.longhand.engine.gguf;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** GGUF files that break the format or make no model: each causes one clear error. */
class HostileGgufTest {
    private static final String ARCHITECTURE = "general.architecture";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final String EMBEDDING = "token_embd.weight";
    private static final String DOWN = "blk.0.ffn_down.weight";
    private static final long HUGE = Long.MAX_VALUE / 2;

    @TempDir private Path folder;

    /** A change to a good file and what the error must say. */
    private record Case(String says, Consumer<GgufBytes> change) {}

    /** A model of one layer that opens. */
    private static GgufBytes good() {
        GgufBytes file = new GgufBytes();
        file.text(ARCHITECTURE, "qwen2").text("general.name", "tiny");
        file.number("qwen2.embedding_length", 32).number("qwen2.block_count", 1);
        file.number("qwen2.feed_forward_length", 64).number("qwen2.context_length", 128);
        file.number("qwen2.attention.head_count", 4).number("qwen2.attention.head_count_kv", 2);
        file.number("qwen2.attention.layer_norm_rms_epsilon", 1e-6f);
        file.number("qwen2.rope.freq_base", 1e6f);
        file.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "qwen2");
        file.texts(TOKENS, List.of("a", "b", "c", "ab", "<|im_end|>"));
        file.numbers(TYPES, 1, 1, 1, 1, 3).texts("tokenizer.ggml.merges", List.of("a b"));
        file.number("tokenizer.ggml.eos_token_id", 4);
        file.text("tokenizer.chat_template", "{{ messages[0]['content'] }}");
        file.zeros(EMBEDDING, 32, 5).zeros("output_norm.weight", 32);
        file.zeros("blk.0.attn_norm.weight", 32).zeros("blk.0.ffn_norm.weight", 32);
        file.zeros("blk.0.attn_q.weight", 32, 32).zeros("blk.0.attn_q.bias", 32);
        file.zeros("blk.0.attn_k.weight", 32, 16).zeros("blk.0.attn_k.bias", 16);
        file.zeros("blk.0.attn_v.weight", 32, 16).zeros("blk.0.attn_v.bias", 16);
        file.zeros("blk.0.attn_output.weight", 32, 32).zeros("blk.0.ffn_gate.weight", 32, 64);
        return file.zeros("blk.0.ffn_up.weight", 32, 64).zeros(DOWN, 64, 32);
    }

    private static List<Case> headers() {
        return List.of(
                new Case("does not begin with GGUF", file -> file.begin(0x4C4D_4747, 3)),
                new Case("version 1; versions 2 and 3", file -> file.begin(0x4655_4747, 1)),
                new Case("version 4294967295", file -> file.begin(0x4655_4747, -1)),
                new Case("big-endian", file -> file.begin(0x4655_4747, 3 << 24)),
                new Case("unknown kind 13", file -> file.raw("a", 13, new byte[0])),
                new Case("unknown kind 4294967295", file -> file.raw("a", -1, new byte[0])),
                new Case("a list of lists", file -> file.raw("a", 9, list(9, 1))),
                new Case("do not fit", file -> file.raw("a", 9, list(8, HUGE))),
                new Case("do not fit", file -> file.raw("a", 9, list(4, HUGE))),
                new Case("do not fit", file -> file.raw("a", 9, list(0, -1))),
                new Case("do not fit", file -> file.raw("a", 8, GgufBytes.int64(HUGE))),
                new Case("do not fit", file -> file.raw("a", 8, GgufBytes.int64(-1))),
                new Case(
                        "\"a\\u000ab\" is of the unknown kind",
                        file -> file.raw("a\nb", 99, list(0, 0))),
                new Case("general.alignment is 0", file -> file.number("general.alignment", 0)),
                new Case(
                        "general.alignment is 4294967295",
                        file -> file.number("general.alignment", -1)),
                new Case(
                        "general.alignment must be a whole",
                        file -> file.text("general.alignment", "32")));
    }

    private static List<Case> tensorHeaders() {
        return List.of(
                new Case("has 0 dimensions", file -> file.tensor("x", 0, new byte[4])),
                new Case(
                        "has 5 dimensions",
                        file -> file.tensor("x", 0, new byte[4], 1, 1, 1, 1, 1)),
                new Case("has an extent of 0", file -> file.tensor("x", 0, new byte[0], 0)),
                new Case(
                        "extent of 18446744073709551615",
                        file -> file.tensor("x", 0, new byte[4], -1)),
                new Case("has an extent of", file -> file.tensor("x", 0, new byte[4], HUGE, HUGE)),
                new Case("truncated", file -> file.tensor("x", 0, new byte[4], 1L << 40)),
                new Case(
                        "type Q2_K; only F32, F16",
                        file -> file.tensor("x", 10, new byte[84], 256)),
                new Case("type IQ4_XS; only", file -> file.tensor("x", 23, new byte[136], 256)),
                new Case("type number 77; only", file -> file.tensor("x", 77, new byte[4], 1)),
                new Case("type number -1; only", file -> file.tensor("x", -1, new byte[4], 1)),
                new Case("blocks of 32 do not hold", file -> file.tensor("x", 8, new byte[34], 31)),
                new Case(
                        "blocks of 256 do not hold",
                        file -> file.tensor("x", 12, new byte[144], 128)),
                new Case("appears twice", file -> file.zeros(EMBEDDING, 32, 5)));
    }

    private static byte[] list(int kind, long count) {
        return GgufBytes.concat(GgufBytes.int32(kind), GgufBytes.int64(count));
    }

    private static List<Case> constants() {
        return List.of(
                new Case("general.architecture is missing", file -> file.remove(ARCHITECTURE)),
                new Case(
                        "\"phi3\": only gemma2, llama, qwen2, qwen3",
                        file -> file.text(ARCHITECTURE, "phi3")),
                new Case("must be a string", file -> file.number(ARCHITECTURE, 7)),
                new Case("load it as an adapter", file -> file.text("general.type", "adapter")),
                new Case("is \"mmproj\", not model", file -> file.text("general.type", "mmproj")),
                new Case("block_count is missing", file -> file.remove("qwen2.block_count")),
                new Case(
                        "block_count must be a whole", file -> file.text("qwen2.block_count", "1")),
                new Case("num_hidden_layers is 0", file -> file.number("qwen2.block_count", 0)),
                new Case(
                        "num_hidden_layers is 2000000000",
                        file -> file.number("qwen2.block_count", 2_000_000_000)),
                new Case("block_count is 4294967295", file -> file.number("qwen2.block_count", -1)),
                new Case(
                        "layers.1.input_layernorm.weight\" is missing",
                        file -> file.number("qwen2.block_count", 2)),
                new Case(
                        "must be a whole number",
                        file -> file.numbers("qwen2.attention.head_count", 4, 4)),
                new Case(
                        "num_key_value_heads is 3",
                        file -> file.number("qwen2.attention.head_count_kv", 3)),
                new Case("head_dim is 7", file -> file.number("qwen2.attention.key_length", 7)),
                new Case(
                        "value_length differs",
                        file ->
                                file.number("qwen2.attention.key_length", 8)
                                        .number("qwen2.attention.value_length", 6)),
                new Case(
                        "epsilon is missing",
                        file -> file.remove("qwen2.attention.layer_norm_rms_epsilon")),
                new Case(
                        "epsilon must be a finite number",
                        file -> file.text("qwen2.attention.layer_norm_rms_epsilon", "x")),
                new Case("rope_theta", file -> file.number("qwen2.rope.freq_base", -1f)),
                new Case(
                        "must be a finite number",
                        file -> file.number("qwen2.rope.freq_base", Float.NaN)),
                new Case(
                        "is \"linear\": only",
                        file ->
                                file.text("qwen2.rope.scaling.type", "linear")
                                        .number("qwen2.rope.scaling.factor", 2f)),
                new Case(
                        "factor is missing", file -> file.text("qwen2.rope.scaling.type", "yarn")));
    }

    private static List<Case> tensors() {
        return List.of(
                new Case("token_embd.weight\" is missing", file -> file.without(EMBEDDING)),
                new Case(
                        "has shape [5, 64]",
                        file -> file.without(EMBEDDING).zeros(EMBEDDING, 64, 5)),
                new Case("has shape [32, 32]", file -> file.without(DOWN).zeros(DOWN, 32, 32)),
                new Case("layers.0.mlp.down_proj.weight\" is missing", file -> file.without(DOWN)),
                new Case("is not one of the models", file -> file.zeros("blk.0.attn_q.scale", 1)),
                new Case("is not one of the models", file -> file.zeros("rope_freqs.weight", 4)),
                new Case(
                        "NaN or infinity",
                        file -> file.without(DOWN).tensor(DOWN, 8, blocks(), 64, 32)),
                new Case(
                        "is of type Q8_0",
                        file ->
                                file.without("output_norm.weight")
                                        .tensor("output_norm.weight", 8, new byte[34], 32)));
    }

    private static List<Case> tokenizers() {
        return List.of(
                new Case(
                        "model is \"t5\": only gpt2 and llama",
                        file -> file.text("tokenizer.ggml.model", "t5")),
                new Case(
                        "pre is \"tekken\": only",
                        file -> file.text("tokenizer.ggml.pre", "tekken")),
                new Case("pre is \"default\": only", file -> file.remove("tokenizer.ggml.pre")),
                new Case("must be as long as", file -> file.numbers(TYPES, 1)),
                new Case("must be a list", file -> file.number(TYPES, 1)),
                new Case("must be a list of strings", file -> file.numbers(TOKENS, 1, 2, 3, 4, 5)),
                new Case("merges is missing", file -> file.remove("tokenizer.ggml.merges")),
                new Case(
                        "is not UTF-8",
                        file ->
                                file.raw(
                                        "tokenizer.ggml.pre",
                                        8,
                                        GgufBytes.concat(
                                                GgufBytes.int64(1), new byte[] {(byte) 0xff}))),
                new Case(
                        "not a tokenizer",
                        file -> file.texts("tokenizer.ggml.merges", List.of("x y z"))),
                new Case(
                        "split.count is 2, so the file must be named",
                        file -> file.number("split.count", 2)));
    }

    /** Q8_0 blocks with an infinite scale in one. */
    private static byte[] blocks() {
        byte[] blocks = new byte[64 * 32 / 32 * 34];
        blocks[34 * 5 + 1] = 0x7C;
        return blocks;
    }

    @TestFactory
    Stream<DynamicTest> oneClearError() {
        return Stream.of(headers(), tensorHeaders(), constants(), tensors(), tokenizers())
                .flatMap(List::stream)
                .map(
                        each ->
                                DynamicTest.dynamicTest(
                                        each.says,
                                        () -> {
                                            GgufBytes file = good();
                                            each.change.accept(file);
                                            refused(file.bytes(), each.says);
                                        }));
    }

    /** Cuts in every part of the header and of the data. */
    @TestFactory
    Stream<DynamicTest> truncatedFiles() {
        byte[] whole = good().bytes();
        int header = good().header().length;
        return IntStream.rangeClosed(0, 40)
                .map(i -> i < 30 ? header * i / 30 : whole.length - 1 - (i - 30) * 61)
                .mapToObj(
                        length ->
                                DynamicTest.dynamicTest(
                                        "cut to " + length,
                                        () -> refused(Arrays.copyOf(whole, length), "truncated")));
    }

    private void refused(byte[] bytes, String says) throws IOException {
        Path file = Files.write(folder.resolve("hostile.gguf"), bytes);
        String message = assertThrows(InputException.class, () -> open(file)).getMessage();
        assertTrue(message.contains(says), message);
        assertTrue(message.startsWith(file.toString()), message);
        assertEquals(1, message.lines().count(), message);
    }

    private static void open(Path file) {
        EngineConfig config =
                EngineConfig.of(file).withDevice(Device.REFERENCE).withContextTokensMax(64);
        Engine.open(config).close();
    }

    @Test
    void theGoodFileOpens() {
        Path file = good().write(folder.resolve("good.gguf"));
        assertDoesNotThrow(() -> open(file));
        assertDoesNotThrow(() -> open(good().align(64).write(folder.resolve("good.gguf"))));
    }

    /** Random damage gives either a usable file or one clear error, never any other failure. */
    @Test
    void randomDamageGivesAFileOrOneClearError() {
        byte[] good = good().bytes();
        int header = good().header().length;
        Random random = new Random(5);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = good.clone();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                int at = random.nextInt(header);
                switch (random.nextInt(3)) {
                    case 0 -> bytes[at] = (byte) random.nextInt(256);
                    case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                    default -> System.arraycopy(good, random.nextInt(header), bytes, at, 8);
                }
            }
            try {
                GgufFile file = GgufFile.parse(folder, MemorySegment.ofArray(bytes));
                file.tensors().values().forEach(tensor -> tensor.data().byteSize());
            } catch (InputException e) {
                refused++;
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
                assertTrue(e.getMessage().length() < 1000, e.getMessage());
            }
        }
        assertTrue(refused > 4_000, "only " + refused + " were refused");
    }
}
