package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.engine.lora.TestAdapter.Matrix;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Malformed PEFT folders sent to a running engine. Each causes one clear error and leaves the
 * loaded adapters, their memory and running generations unchanged.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileAdapterTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim32-group8");
    private static final String FILE = "adapter_model.safetensors";
    private static final String DOWN = "base_model.model.model.layers.0.mlp.down_proj.lora_";

    private Path temporary = Path.of("");
    private Engine engine;
    private Completion expected;

    @BeforeAll
    void openWithOneGoodAdapter(@TempDir Path folder) {
        TestDevices.require(Device.CPU);
        temporary = folder;
        Path good = TestAdapter.allLinear(CHECKPOINT, 4, 1).write(temporary.resolve("good"));
        engine =
                Engine.open(
                        EngineConfig.of(CHECKPOINT)
                                .withDevice(Device.CPU)
                                .withAdapter("good", good)
                                .withAdapterBytesMax(1L << 20));
        expected = Completion.of(engine, request());
    }

    @AfterAll
    void close() {
        if (engine != null) {
            engine.close();
        }
    }

    private static GenerationRequest request() {
        return GenerationRequest.ids(List.of(3, 1, 4, 1, 5))
                .withAdapter("good")
                .withMaxTokens(40)
                .withSampling(SamplingOptions.greedy().withLogprobs(5))
                .ignoringEos();
    }

    private void refused(String name, Path folder, String message) {
        List<AdapterInfo> before = engine.adapters().list();
        long bytes = engine.adapters().residentBytes();
        Generation running = engine.submit(request());
        InputException refusal =
                assertTimeoutPreemptively(
                        Duration.ofSeconds(20),
                        () ->
                                assertThrows(
                                        InputException.class,
                                        () -> engine.adapters().load(name, folder)));
        String text = refusal.getMessage();
        assertTrue(text.contains(message), "expected '" + message + "' in: " + text);
        assertEquals(1, text.lines().count(), text);
        assertTrue(text.length() < 600, text);
        assertEquals(expected, Completion.of(running));
        assertEquals(before, engine.adapters().list());
        assertEquals(bytes, engine.adapters().residentBytes());
    }

    private static Arguments bent(String what, String message, Consumer<TestAdapter> bend) {
        return arguments(what, message, bend);
    }

    private static Arguments configured(String key, Object value, String message) {
        return bent(key + " " + value, message, adapter -> adapter.configure(key, value));
    }

    private static void replace(TestAdapter adapter, String matrix, Matrix by) {
        assertTrue(adapter.matrices().containsKey(DOWN + matrix));
        adapter.matrices().put(DOWN + matrix, by);
    }

    private static void rename(TestAdapter adapter, String to) {
        adapter.matrices().put(to, adapter.matrices().remove(DOWN + "A.weight"));
    }

    private static Matrix a(TestAdapter adapter) {
        return adapter.matrices().get(DOWN + "A.weight");
    }

    /** Replaces the first element of A by {@code bits}. */
    private static void poison(TestAdapter adapter, int bits) {
        List<Byte> data = new ArrayList<>(a(adapter).data());
        data.set(0, (byte) bits);
        data.set(1, (byte) (bits >> 8));
        replace(adapter, "A.weight", new Matrix("BF16", a(adapter).shape(), data));
    }

    static Stream<Arguments> configurations() {
        return Stream.of(
                configured("use_dora", true, "DoRA"),
                configured("modules_to_save", List.of("lm_head"), "modules_to_save"),
                configured("bias", "all", "bias"),
                configured("peft_type", "IA3", "only LORA"),
                configured("fan_in_fan_out", true, "fan_in_fan_out"),
                configured("init_lora_weights", "pissa_niter_16", "init_lora_weights"),
                configured("lora_bias", true, "lora_bias"),
                configured("trainable_token_indices", List.of(1, 2), "trainable_token_indices"),
                configured("r", 0, "r"),
                configured("r", 1 << 30, "r"),
                configured("r", "four", "r"),
                configured("r", 5, "ask for"),
                configured("rank_pattern", Map.of("down_proj", 9), "ask for"),
                configured("rank_pattern", Map.of("down_proj", -9), "down_proj"),
                configured("rank_pattern", Map.of("((((", 4), "malformed regular expression"),
                configured("alpha_pattern", Map.of("down_proj", "x"), "down_proj"),
                configured("lora_alpha", 1e300, "lora_alpha"),
                configured("lora_alpha", List.of(1), "lora_alpha"),
                configured("target_modules", List.of("q_proj"), "not among the target modules"),
                configured("target_modules", null, "target_modules"),
                configured(
                        "target_modules",
                        List.of("../../q_proj"),
                        "names no linear layer of this model"),
                configured("target_modules", "(.*.*.*.*.*.*.*.*.*)!", "takes too long"),
                configured("target_modules", "[", "malformed regular expression"),
                configured("target_modules", "a".repeat(2000), "more than 1000"),
                configured("layers_to_transform", List.of(0), "not among the target modules"),
                configured("layers_to_transform", List.of(-1), "layers_to_transform"),
                configured("layers_pattern", "blocks", "layers_pattern"),
                configured("exclude_modules", List.of("down_proj"), "not among the target"));
    }

    static Stream<Arguments> names() {
        return Stream.of(
                bent(
                        "a name that climbs folders",
                        "is not a LoRA matrix",
                        adapter -> rename(adapter, "base_model.model.../../etc/passwd")),
                bent(
                        "a name with control characters",
                        "is not a LoRA matrix",
                        adapter -> rename(adapter, DOWN + "A.weight\n\u001b[2J")),
                bent(
                        "a layer beyond the model",
                        "the model has 2 layers",
                        adapter -> rename(adapter, DOWN.replace(".0.", ".7.") + "A.weight")),
                bent(
                        "a layer beyond numbers",
                        "is not a LoRA matrix",
                        adapter ->
                                rename(adapter, DOWN.replace(".0.", ".99999999999.") + "A.weight")),
                bent(
                        "the embedding",
                        "is not a LoRA matrix",
                        adapter ->
                                rename(
                                        adapter,
                                        "base_model.model.model.embed_tokens.lora_embedding_A")),
                bent(
                        "only one of a pair",
                        "only one of its two matrices",
                        adapter -> adapter.matrices().remove(DOWN + "A.weight")),
                bent(
                        "a target without matrices",
                        "has no matrices",
                        adapter -> {
                            adapter.matrices().remove(DOWN + "A.weight");
                            adapter.matrices().remove(DOWN + "B.weight");
                        }));
    }

    static Stream<Arguments> contents() {
        return Stream.of(
                bent("nothing", "no LoRA matrices", adapter -> adapter.matrices().clear()),
                bent(
                        "a shape of another base",
                        "ask for",
                        adapter ->
                                replace(
                                        adapter,
                                        "A.weight",
                                        new Matrix("BF16", List.of(2L, 154L), a(adapter).data()))),
                bent(
                        "one dimension",
                        "ask for",
                        adapter ->
                                replace(
                                        adapter,
                                        "A.weight",
                                        new Matrix("BF16", List.of(308L), a(adapter).data()))),
                bent(
                        "a huge rank",
                        "takes",
                        adapter ->
                                replace(
                                        adapter,
                                        "A.weight",
                                        new Matrix(
                                                "BF16",
                                                List.of(1L << 40, 77L),
                                                a(adapter).data()))),
                bent(
                        "an overflowing rank",
                        "overflowing",
                        adapter ->
                                replace(
                                        adapter,
                                        "A.weight",
                                        new Matrix(
                                                "BF16",
                                                List.of(1L << 62, 77L),
                                                a(adapter).data()))),
                bent(
                        "bytes for numbers",
                        "dtype I16",
                        adapter ->
                                replace(
                                        adapter,
                                        "A.weight",
                                        new Matrix("I16", a(adapter).shape(), a(adapter).data()))),
                bent(
                        "an invented dtype",
                        "dtype",
                        adapter ->
                                replace(
                                        adapter,
                                        "A.weight",
                                        new Matrix("BF99", a(adapter).shape(), a(adapter).data()))),
                bent("NaN", "NaN or infinity", adapter -> poison(adapter, 0x7fc0)),
                bent("infinity", "NaN or infinity", adapter -> poison(adapter, 0xff80)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"configurations", "names", "contents"})
    void oneClearError(String what, String message, Consumer<TestAdapter> bend) {
        TestAdapter adapter = TestAdapter.allLinear(CHECKPOINT, 4, 2);
        bend.accept(adapter);
        refused("bad", adapter.write(temporary.resolve("bad")), message);
        refused("good", temporary.resolve("bad"), message); // the name keeps its adapter
    }

    @Test
    void filesThatEndEarly() throws IOException {
        Path folder = TestAdapter.allLinear(CHECKPOINT, 4, 3).write(temporary.resolve("short"));
        byte[] whole = Files.readAllBytes(folder.resolve(FILE));
        for (int length : new int[] {0, 7, 8, 100, whole.length / 2, whole.length - 1}) {
            Files.delete(folder.resolve(FILE));
            Files.write(folder.resolve(FILE), Arrays.copyOf(whole, length));
            refused("short", folder, FILE);
        }
        Files.delete(folder.resolve(FILE));
        refused("short", folder, FILE);
        Files.createDirectory(folder.resolve(FILE));
        refused("short", folder, FILE);
    }

    @Test
    void configurationsThatAreNone() throws IOException {
        Path folder = TestAdapter.allLinear(CHECKPOINT, 4, 3).write(temporary.resolve("json"));
        Path config = folder.resolve("adapter_config.json");
        for (String text :
                List.of("", "[1]", "{\"r\":", "{\"a\":" + "[".repeat(1_000_000), "\u0000")) {
            Files.writeString(config, text);
            refused("json", folder, "adapter_config.json");
        }
        Files.delete(config);
        refused("json", folder, "adapter_config.json");
        refused("json", temporary.resolve("nowhere"), "there is no such folder");
    }

    @Test
    void moreThanTheLimitOfMemory() {
        Path folder = TestAdapter.allLinear(CHECKPOINT, 512, 4).write(temporary.resolve("large"));
        refused("large", folder, "raise the limit");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../good", "a/b", "a b", "a\nb", ".hidden", "\u00e4"})
    void namesThatAreNone(String name) {
        refused(name, temporary.resolve("good"), "the adapter name");
        refused(String.join("", Collections.nCopies(129, "x")), temporary.resolve("good"), "name");
        assertFalse(engine.adapters().list().stream().anyMatch(info -> info.name().equals(name)));
    }
}
