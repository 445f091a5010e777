package dev.longhand.engine.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.lora.AdapterReader;
import dev.longhand.engine.lora.MergedCheckpoint;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Quantised checkpoints that are inconsistent or unsupported: each causes one clear error. */
class HostilePackedCheckpointTest {
    private static final String Q = "model.layers.0.self_attn.q_proj.";
    private static final String DOWN = "model.layers.1.mlp.down_proj.";

    @TempDir private Path temporary;

    /** A modification of a golden and the expected error message. */
    private record Case(String golden, String says, UnaryOperator<EditedCheckpoint> change) {}

    private static Case gptq(String says, UnaryOperator<EditedCheckpoint> change) {
        return new Case("gptq-int4", says, change);
    }

    private static Case gptqConfig(String says, String from, String to) {
        return gptq(says, edited -> edited.config(text -> replaced(text, from, to)));
    }

    private static Case awqConfig(String says, String from, String to) {
        return new Case("awq", says, edited -> edited.config(text -> replaced(text, from, to)));
    }

    private static String replaced(String text, String from, String to) {
        assertTrue(text.contains(from), text);
        return text.replace(from, to);
    }

    private static List<Case> configurations() {
        return List.of(
                gptqConfig("quant_method must be gptq or awq", "\"gptq\"", "\"bitsandbytes\""),
                gptqConfig("quant_method must be", "\"quant_method\"", "\"method\""),
                gptqConfig("bits is 3: GPTQ is read in 4 and 8", "\"bits\": 4", "\"bits\": 3"),
                gptqConfig("bits is missing", "\"bits\": 4", "\"bit\": 4"),
                gptqConfig("bits must be a whole", "\"bits\": 4", "\"bits\": \"4\""),
                gptqConfig(
                        "group_size is 64: must be", "\"group_size\": 128", "\"group_size\": 64"),
                gptqConfig("group_size is 0: must be", "\"group_size\": 128", "\"group_size\": 0"),
                gptqConfig(
                        "group_size is -2, must be", "\"group_size\": 128", "\"group_size\": -2"),
                gptqConfig("group_size is missing", "\"group_size\"", "\"group\""),
                gptqConfig(
                        "must be gptq or gptq_v2",
                        "\"sym\"",
                        "\"checkpoint_format\":\"marlin\",\"sym\""),
                gptqConfig(
                        "is_marlin_format is true", "\"sym\"", "\"is_marlin_format\":true,\"sym\""),
                gptqConfig("dynamic has settings", "\"sym\"", "\"dynamic\":{\"a\":{}},\"sym\""),
                gptqConfig("no quantization_config", "\"quantization_config\"", "\"other\""),
                awqConfig("bits is 8: AWQ is read in 4", "\"bits\": 4", "\"bits\": 8"),
                awqConfig("version must be gemm", "\"gemm\"", "\"gemv_fast\""),
                awqConfig("zero_point is false", "\"zero_point\": true", "\"zero_point\": false"));
    }

    private static List<Case> tensors() {
        return List.of(
                gptq("act", edited -> edited.set(DOWN + "g_idx", 0, 1)),
                gptq("puts input 383 into group -1", edited -> edited.set(DOWN + "g_idx", 383, -1)),
                gptq("qzeros\" is missing", edited -> edited.remove(Q + "qzeros")),
                gptq("scales\" is missing", edited -> edited.remove(Q + "scales")),
                gptq("weight\" is missing", edited -> edited.remove(Q + "qweight")),
                gptq("bias\" is missing", edited -> edited.remove(Q + "bias")),
                gptq("has shape", edited -> edited.as(Q + "qweight", "I32", 128, 16)),
                gptq("is F32, must be I32", edited -> edited.as(Q + "qweight", "F32", 16, 128)),
                gptq("is BF16, must be F16", edited -> edited.as(Q + "scales", "BF16", 1, 128)),
                gptq("U32", edited -> edited.as(Q + "qzeros", "U32", 1, 16)),
                gptq("NaN or infinity at element 3", edited -> edited.set(Q + "scales", 3, 0x7E00)),
                gptq(
                        "NaN or infinity at element 0",
                        edited -> edited.set(DOWN + "scales", 0, 0x7C00)),
                gptq("is not zero at element 9", edited -> edited.set(DOWN + "bias", 9, 0x3C00)),
                new Case("awq", "has shape", edited -> edited.as(Q + "qweight", "I32", 16, 128)),
                new Case(
                        "awq",
                        "has shape", // packed by AWQ, declared as GPTQ
                        edited -> edited.config(text -> replaced(text, "\"awq\"", "\"gptq\""))));
    }

    @TestFactory
    Stream<DynamicTest> oneClearError() {
        return Stream.concat(configurations().stream(), tensors().stream())
                .map(
                        each ->
                                DynamicTest.dynamicTest(
                                        each.golden + ": " + each.says, () -> refused(each)));
    }

    private void refused(Case each) {
        EditedCheckpoint edited = EditedCheckpoint.of(Goldens.quantized(each.golden));
        Path model = each.change.apply(edited).write(temporary.resolve("model"));
        String message = refusal(config(model, null));
        assertTrue(message.contains(each.says), message);
        assertTrue(message.startsWith(model.toString()), message);
        assertEquals(1, message.lines().count(), message);
    }

    private static String refusal(EngineConfig config) {
        return assertThrows(InputException.class, () -> Engine.open(config).close()).getMessage();
    }

    private static EngineConfig config(Path model, @Nullable DType weights) {
        return EngineConfig.of(model)
                .withDevice(Device.REFERENCE)
                .withContextTokensMax(64)
                .withWeights(weights);
    }

    @Test
    void aTruncatedFileIsSaid() throws Exception {
        Path model = EditedCheckpoint.of(Goldens.quantized("awq")).write(temporary.resolve("cut"));
        Path file = model.resolve("model.safetensors");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        String message = refusal(config(model, null));
        assertTrue(message.contains("truncated"), message);
    }

    private static Completion complete(Engine engine, @Nullable String adapter) {
        return Completion.of(
                engine,
                GenerationRequest.ids(List.of(5, 6, 7))
                        .withMaxTokens(8)
                        .withSampling(SamplingOptions.greedy().withLogprobs(2))
                        .withAdapter(adapter)
                        .ignoringEos());
    }

    @Test
    void adaptersAreAppliedButNotMerged() {
        Path model = Goldens.quantized("gptq-int8");
        Path folder = TestAdapter.allLinear(model, 4, 1).write(temporary.resolve("adapter"));
        try (Engine engine = Engine.open(config(model, null))) {
            engine.adapters().load("a", folder);
            assertNotEquals(complete(engine, null), complete(engine, "a"));
            String message =
                    assertThrows(InputException.class, () -> engine.adapters().merge("a"))
                            .getMessage();
            assertTrue(message.contains("the weights are quantised"), message);
        }
        ModelConfig config = ModelConfig.read(model);
        Path out = temporary.resolve("out");
        try (Checkpoint base = Checkpoint.open(model);
                var adapter = new AdapterReader(config).read(folder, bytes -> {})) {
            String message =
                    assertThrows(
                                    InputException.class,
                                    () ->
                                            new MergedCheckpoint(
                                                    base,
                                                    config,
                                                    adapter,
                                                    out,
                                                    LoadProgress.SILENT))
                            .getMessage();
            assertTrue(message.contains("GPTQ, 8 bits, groups of 128"), message);
        }
        assertFalse(Files.exists(out));
    }

    /** The requested dtype applies to the matrices that are not quantised yet: here the head. */
    @Test
    void theHeadIsQuantisedAsAskedForAndTheRestStays() {
        Path model = Goldens.quantized("gptq-int4");
        try (Engine stored = Engine.open(config(model, null));
                Engine int8 = Engine.open(config(model, DType.INT8))) {
            Completion exact = complete(stored, null);
            Completion rounded = complete(int8, null);
            assertNotEquals(exact.logprobs(), rounded.logprobs());
            double first = exact.logprobs().getFirst().getFirst().logprob();
            assertEquals(first, rounded.logprobs().getFirst().getFirst().logprob(), 0.02);
            long head = DType.F16.bytes(Shape.of(211, 128));
            long head8 = DType.INT8.bytes(Shape.of(211, 128));
            assertEquals(
                    head - head8,
                    stored.memoryPlan().weightBytes() - int8.memoryPlan().weightBytes());
        }
    }
}
