package dev.longhand.engine.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.architecture.Projection.Group;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The one description of a model's tensors, for Qwen2. */
class ModelLayoutTest {
    /** Three layers and four heads with an explicit dimension of 48, over a hidden size of 128. */
    private static final ModelConfig WIDE_HEADS = model(48, false);

    private static ModelConfig model(int headDim, boolean tied) {
        return new ModelConfig(
                Architecture.QWEN2,
                3,
                128,
                4,
                2,
                headDim,
                320,
                211,
                512,
                1e-6f,
                tied,
                new RopeConfig(1e6, null),
                List.of(),
                null,
                DecoderTraits.QWEN2);
    }

    @Test
    void shapesFollowAnExplicitHeadDim() {
        LayerLayout layer = WIDE_HEADS.layout().layers().get(1);
        String name = "model.layers.1.";
        assertEquals(
                Map.of(
                        Projection.Q, linear(name + "self_attn.q_proj", 192, 128, true),
                        Projection.K, linear(name + "self_attn.k_proj", 96, 128, true),
                        Projection.V, linear(name + "self_attn.v_proj", 96, 128, true),
                        Projection.O, linear(name + "self_attn.o_proj", 128, 192, false),
                        Projection.GATE, linear(name + "mlp.gate_proj", 320, 128, false),
                        Projection.UP, linear(name + "mlp.up_proj", 320, 128, false),
                        Projection.DOWN, linear(name + "mlp.down_proj", 128, 320, false)),
                layer.linears());
        assertEquals(new NormModule(name + "input_layernorm", 128, 0), layer.inputNorm());
        assertEquals(new NormModule(name + "post_attention_layernorm", 128, 0), layer.mlpNorm());
        assertEquals("model.layers.1.mlp.up_proj.weight", layer.linear(Projection.UP).weight());
        assertEquals("model.layers.1.self_attn.q_proj.bias", layer.linear(Projection.Q).bias());
    }

    private static LinearModule linear(String name, int outputs, int inputs, boolean biased) {
        return new LinearModule(name, Shape.of(outputs, inputs), biased);
    }

    @Test
    void groupsReadOneInputAndWriteSideBySide() {
        ModelLayout layout = WIDE_HEADS.layout();
        assertEquals(128, layout.inputs(Group.QKV));
        assertEquals(192 + 2 * 96, layout.outputs(Group.QKV));
        assertEquals(192, layout.inputs(Group.OUTPUT));
        assertEquals(128, layout.outputs(Group.OUTPUT));
        assertEquals(2 * 320, layout.outputs(Group.GATE_UP));
        assertEquals(320, layout.inputs(Group.DOWN));
        for (Group group : Group.values()) {
            int next = 0;
            for (Projection projection : Projection.values()) {
                if (projection.group() == group) {
                    assertEquals(next++, projection.index(), projection.name());
                }
            }
            assertTrue(next > 0, group.name());
        }
    }

    @Test
    void activationsAreAsWideAsTheGroups() {
        long perRow = 2 * 128 + (192 + 2 * 96) + 192 + 3 * 320;
        long perLogitRow = 2 * 128 + 211;
        assertEquals(
                4 * (7 * perRow + 2 * perLogitRow),
                new StepSize(7, 2, 2, 64).activationBytes(WIDE_HEADS));
    }

    @Test
    void aTiedHeadIsTheEmbedding() {
        ModelLayout tied = model(32, true).layout();
        assertTrue(tied.tied());
        assertEquals("model.embed_tokens.weight", tied.head().weight());
        assertFalse(tied.matrices().containsKey("lm_head.weight"));
        ModelLayout untied = WIDE_HEADS.layout();
        assertFalse(untied.tied());
        assertEquals(linear("lm_head", 211, 128, false), untied.head());
        assertFalse(untied.matrices().containsKey("model.embed_tokens.weight"));
        assertEquals(3 * 7 + 1, untied.matrices().size());
        assertEquals(
                211L * 128,
                model(48, false).layout().parameters() - model(48, true).layout().parameters());
    }

    @Test
    void adaptersMayChangeEveryProjectionInTheOrderOfTheModel() {
        ModelLayout layout = WIDE_HEADS.layout();
        Map<String, AdapterTarget> targets = layout.adapterTargets();
        assertEquals(3 * 7, targets.size());
        assertEquals(
                new AdapterTarget(2, Projection.GATE), targets.get("model.layers.2.mlp.gate_proj"));
        assertEquals(targets.values().stream().sorted().toList(), List.copyOf(targets.values()));
        targets.forEach((name, target) -> assertEquals(name, layout.linear(target).name()));
    }

    /** Names and bytes are those of a checkpoint that transformers wrote. */
    @ParameterizedTest
    @MethodSource("dev.longhand.engine.Goldens#checkpoints")
    void namesEveryTensorOfACheckpoint(Path folder) {
        ModelLayout layout = ModelConfig.read(folder).layout();
        Set<String> names = new HashSet<>(layout.matrices().keySet());
        names.add(layout.embedding().weight());
        names.add(layout.finalNorm().weight());
        for (LayerLayout layer : layout.layers()) {
            layer.norms().forEach(norm -> names.add(norm.weight()));
            layer.linears().values().stream()
                    .filter(LinearModule::biased)
                    .forEach(module -> names.add(module.bias()));
        }
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertEquals(Set.copyOf(checkpoint.names()), names);
            DType dtype =
                    checkpoint
                            .tensor(layout.embedding().weight(), layout.embedding().shape())
                            .dtype();
            assertEquals(checkpoint.bytes(), layout.parameters() * dtype.bytes());
        }
    }

    @Test
    void anUnknownArchitectureIsRefusedByName() {
        Settings settings =
                Settings.parse(
                        "config.json",
                        "{\"architectures\": [\"GPT2LMHeadModel\"]}"
                                .getBytes(StandardCharsets.UTF_8));
        InputException e = assertThrows(InputException.class, () -> Architecture.of(settings));
        assertTrue(
                e.getMessage().contains("is [GPT2LMHeadModel]: the supported ones are Qwen2"),
                e.getMessage());
    }
}
