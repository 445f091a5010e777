package dev.longhand.engine.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.gguf.GgufBytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToIntBiFunction;

/** An adapter in GGUF is the same, to the bit, as in PEFT's folder. */
class GgufAdapterTest {
    private static final Path MODEL = Goldens.checkpoint("dim64-group5");

    private static final Map<String, String> MODULES =
            Map.of(
                    "self_attn.q_proj", "attn_q",
                    "self_attn.k_proj", "attn_k",
                    "self_attn.v_proj", "attn_v",
                    "self_attn.o_proj", "attn_output",
                    "mlp.gate_proj", "ffn_gate",
                    "mlp.up_proj", "ffn_up",
                    "mlp.down_proj", "ffn_down");

    private static final int BF16 = 30;

    @TempDir private Path folder;

    private static TestAdapter adapter() {
        return TestAdapter.allLinear(MODEL, 3, 7);
    }

    private static GgufBytes gguf(float alpha) {
        return gguf("qwen2", adapter(), alpha, (_, row) -> row);
    }

    /** Returns a file whose row r of a matrix is the row {@code rows(name, r)} of PEFT's. */
    private static GgufBytes gguf(
            String architecture,
            TestAdapter adapter,
            float alpha,
            ToIntBiFunction<String, Integer> rows) {
        GgufBytes file = new GgufBytes();
        file.text("general.architecture", architecture).text("general.type", "adapter");
        file.text("adapter.type", "lora").number("adapter.lora.alpha", alpha);
        adapter.matrices()
                .forEach(
                        (name, matrix) -> {
                            byte[] data = new byte[matrix.data().size()];
                            long width = matrix.shape().getLast();
                            int rowBytes = (int) (width * Short.BYTES);
                            for (int i = 0; i < data.length; i++) {
                                int row = rows.applyAsInt(name, i / rowBytes);
                                data[i] = matrix.data().get(row * rowBytes + i % rowBytes);
                            }
                            file.tensor(named(name), BF16, data, width, data.length / rowBytes);
                        });
        return file;
    }

    /** base_model.model.model.layers.N.MODULE.lora_A.weight is blk.N.MODULE.weight.lora_a. */
    private static String named(String name) {
        String[] parts = name.split("\\.", -1);
        String module = MODULES.get(parts[5] + "." + parts[6]);
        String matrix = parts[7].equals("lora_A") ? "a" : "b";
        return "blk.%s.%s.weight.lora_%s".formatted(parts[4], module, matrix);
    }

    private static String identity(Path path) {
        return identity(MODEL, path);
    }

    private static String identity(Path model, Path path) {
        try (Adapter adapter = new AdapterReader(ModelConfig.read(model)).read(path, bytes -> {})) {
            return adapter.identity();
        }
    }

    /** Files of Llama have the rows of queries and keys interleaved, of their B, too. */
    @Test
    void rowsOfLlamasHeadsAreOrdered() {
        Path model = Goldens.checkpoint("llama-dim32");
        TestAdapter adapter = TestAdapter.allLinear(model, 3, 7);
        String expected = identity(model, adapter.write(folder.resolve("peft")));
        Path file =
                gguf("llama", adapter, 6, GgufAdapterTest::rowOfPeft)
                        .write(folder.resolve("llama.gguf"));
        assertEquals(expected, identity(model, file));
    }

    private static int rowOfPeft(String name, int row) {
        boolean interleaved = name.matches(".*self_attn\\.[qk]_proj\\.lora_B.*");
        int in = row % 32;
        return interleaved ? row - in + in % 2 * 16 + in / 2 : row;
    }

    @Test
    void matricesAndScalesAreThoseOfTheFolder() throws Exception {
        String expected = identity(adapter().write(folder.resolve("peft"))); // alpha is 2 ranks
        Path file = gguf(6).write(folder.resolve("adapter.gguf"));
        assertEquals(expected, identity(file));
        Path alone = Files.createDirectory(folder.resolve("alone"));
        gguf(6).write(alone.resolve("a.gguf"));
        assertEquals(expected, identity(alone));
    }

    /** A missing alpha means a scale of 1; matrices of another rank are scaled by their own. */
    @Test
    void withoutAlphaTheScaleIsOne() {
        Path unscaled = adapter().configure("lora_alpha", 3).write(folder.resolve("peft"));
        assertEquals(identity(unscaled), identity(gguf(0).write(folder.resolve("none.gguf"))));
    }

    @Test
    void othersAreRefused() {
        Map<String, Consumer<GgufBytes>> cases = new HashMap<>();
        cases.put("general.type is \"model\"", file -> file.text("general.type", "model"));
        cases.put("adapter.type is \"control", file -> file.text("adapter.type", "control_vector"));
        cases.put(
                "only gemma2, llama, qwen2, qwen3",
                file -> file.text("general.architecture", "phi3"));
        cases.put("activated LoRA", file -> file.number("adapter.alora.invocation_tokens", 1));
        cases.put("not a matrix of a LoRA", file -> file.tensor("x", BF16, new byte[2], 1));
        cases.put(
                "is not a LoRA matrix of a linear layer",
                file -> file.tensor("token_embd.weight.lora_a", BF16, new byte[2], 1));
        cases.put(
                "the model has",
                file -> file.tensor("blk.900.attn_q.weight.lora_a", BF16, new byte[2], 1, 1));
        cases.forEach(
                (says, change) -> {
                    GgufBytes file = gguf(1);
                    change.accept(file);
                    Path path = file.write(folder.resolve("bad.gguf"));
                    String message =
                            assertThrows(InputException.class, () -> identity(path)).getMessage();
                    assertTrue(message.contains(says), message);
                    assertEquals(1, message.lines().count());
                });
    }
}
