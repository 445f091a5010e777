package dev.longhand.bench.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bench.cli.CommandLines;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.tensor.HostTensor;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Generated checkpoints are what the engine, and others, take for a Qwen2.5 model. */
class RandomCheckpointTest {
    @TempDir private Path folder;

    @Test
    void loadsAndDecodes() throws InterruptedException {
        Path model = RandomCheckpoint.cached(folder, QwenShape.TINY, 1, LoadProgress.SILENT);
        Path adapter = RandomCheckpoint.cachedAdapter(folder, model, 8, 1);
        EngineConfig config =
                EngineConfig.of(model).withContextTokensMax(256).withAdapter("random", adapter);
        try (Engine engine = Engine.open(config)) {
            List<Integer> base = decode(engine, GenerationRequest.ids(List.of(1, 2, 3)));
            List<Integer> adapted =
                    decode(engine, GenerationRequest.ids(List.of(1, 2, 3)).withAdapter("random"));
            assertEquals(32, base.size());
            assertTrue(base.stream().distinct().count() > 12, base.toString());
            assertNotEquals(base, adapted);
        }
        assertEquals(
                model, RandomCheckpoint.cached(folder, QwenShape.TINY, 1, LoadProgress.SILENT));
    }

    /** As GPTQ packs them: the same distributions, so the same entropy. */
    @Test
    void packedLoadsAndDecodes() throws InterruptedException {
        Path model = folder.resolve("packed");
        new RandomCheckpoint(
                        QwenShape.TINY, WeightFormat.GPTQ_INT4, 1, RandomCheckpoint.SHARD_BYTES)
                .write(model, LoadProgress.SILENT);
        try (Engine engine = Engine.open(EngineConfig.of(model).withContextTokensMax(256))) {
            List<Integer> tokens = decode(engine, GenerationRequest.ids(List.of(1, 2, 3)));
            assertEquals(32, tokens.size());
            assertTrue(tokens.stream().distinct().count() > 12, tokens.toString());
        }
    }

    /** Codes times scales have the mean and the deviation of the bf16 weights. */
    @Test
    void packedWeightsAreDistributedLikeOthers() {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < 1 << 16; i++) {
            for (int place = 0; place < 4; place++) {
                int code = GptqTensors.fourCodes(i) >> 4 * place & 15;
                assertTrue(code >= 1, "a code of 0 mirrors none");
                sum += code - 8;
                squares += (code - 8) * (code - 8);
            }
        }
        assertEquals(0, sum);
        // Less than drawn, as what is beyond 15 is cut, and a little more by rounding.
        assertEquals(7.5 / 2.7, Math.sqrt(squares / (4 << 16)), 0.05);
    }

    private static List<Integer> decode(Engine engine, GenerationRequest request)
            throws InterruptedException {
        Generation generation =
                engine.submit(
                        request.withMaxTokens(32)
                                .withSampling(SamplingOptions.greedy().withLogprobs(1))
                                .ignoringEos());
        List<Integer> tokens = new ArrayList<>();
        while (generation.next() instanceof GenerationEvent.TokenEmitted token) {
            tokens.add(token.id());
            double logprob = token.top().getFirst().logprob();
            // Logits of deviation 2: the likeliest of 151,936 is about 4.4 deviations up, over a
            // sum of 151,936 exp(2): a probability of 0.6 %, far from 1 and from 1 / 151,936.
            assertTrue(logprob < Math.log(0.5) && logprob > Math.log(1e-4), "" + logprob);
        }
        return tokens;
    }

    @Test
    void everyShapeIsWhatItsConfigSays() throws Exception {
        for (QwenShape shape : QwenShape.values()) {
            Path each = Files.createDirectory(folder.resolve(shape.label()));
            Files.writeString(each.resolve("config.json"), shape.configJson(WeightFormat.BF16));
            ModelConfig config = ModelConfig.read(each);
            long elements =
                    shape.tensors(WeightFormat.BF16).stream()
                            .mapToLong(tensor -> tensor.shape().elements())
                            .sum();
            long attention =
                    (2L * config.heads() + 2L * config.kvHeads())
                            * config.headDim()
                            * config.hiddenSize();
            long biases = (config.heads() + 2L * config.kvHeads()) * config.headDim();
            long layer =
                    attention
                            + biases
                            + 3L * config.hiddenSize() * config.intermediateSize()
                            + 2L * config.hiddenSize();
            long embeddings =
                    (config.tiedEmbeddings() ? 1L : 2L) * config.vocabSize() * config.hiddenSize();
            assertEquals(config.layers() * layer + embeddings + config.hiddenSize(), elements);
        }
        assertEquals(494_032_768, parameters(QwenShape.B0_5)); // model cards: 0.49B
        assertEquals(32_763_876_352L, parameters(QwenShape.B32)); // 32.8B
        assertEquals(72_706_203_648L, parameters(QwenShape.B72)); // 72.7B
    }

    private static long parameters(QwenShape shape) {
        return shape.tensors(WeightFormat.BF16).stream()
                .mapToLong(tensor -> tensor.shape().elements())
                .sum();
    }

    @Test
    void shardsHoldTheSameTensors() {
        Path whole = folder.resolve("whole");
        Path cut = folder.resolve("cut");
        new RandomCheckpoint(QwenShape.TINY, WeightFormat.BF16, 7, RandomCheckpoint.SHARD_BYTES)
                .write(whole, LoadProgress.SILENT);
        new RandomCheckpoint(QwenShape.TINY, WeightFormat.BF16, 7, 100_000)
                .write(cut, LoadProgress.SILENT);
        assertFalse(Files.exists(whole.resolve("model.safetensors.index.json")));
        assertTrue(Files.exists(cut.resolve("model.safetensors.index.json")));
        try (Checkpoint one = Checkpoint.open(whole);
                Checkpoint many = Checkpoint.open(cut)) {
            assertTrue(many.files().size() > 5);
            assertEquals(one.names(), many.names());
            for (RandomTensor tensor : QwenShape.TINY.tensors(WeightFormat.BF16)) {
                HostTensor expected = one.tensor(tensor.name(), tensor.shape());
                HostTensor actual = many.tensor(tensor.name(), tensor.shape());
                assertEquals(-1, expected.data().mismatch(actual.data()), tensor.name());
            }
        }
    }

    @Test
    void valuesAreNormalAndTheirPlaceDeterminesThem() {
        RandomTensor tensor = RandomTensor.vector("x", 1001 * 999, 1, 0.1);
        ByteBuffer whole = ByteBuffer.allocate((int) tensor.bytes());
        tensor.values(3).fill(whole);
        ByteBuffer parts = ByteBuffer.allocate((int) tensor.bytes());
        RandomTensor.Values values = tensor.values(3);
        for (int end = 0; end < parts.capacity(); ) {
            end = Math.min(parts.capacity(), end + 8000);
            values.fill(parts.limit(end));
        }
        assertTrue(Arrays.equals(whole.array(), parts.array()));
        double[] floats =
                IntStream.range(0, 1001 * 999).mapToDouble(i -> element(whole, i)).toArray();
        double mean = Arrays.stream(floats).average().orElseThrow();
        double variance =
                Arrays.stream(floats).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
        assertEquals(1, mean, 2e-3); // 0.1 / sqrt(65,536) of the table is 4e-4
        assertEquals(0.1, Math.sqrt(variance), 2e-3);
        ByteBuffer other = ByteBuffer.allocate((int) tensor.bytes());
        RandomTensor.vector("y", 1001 * 999, 1, 0.1).values(3).fill(other);
        assertFalse(Arrays.equals(whole.array(), other.array()));
    }

    private static float element(ByteBuffer bf16, int index) {
        int low = bf16.get(2 * index) & 0xFF;
        return Float.intBitsToFloat((bf16.get(2 * index + 1) << 8 | low) << 16);
    }

    @Test
    void wrongParametersGiveOneLine() {
        InputException unknown = assertThrows(InputException.class, () -> QwenShape.of("9b"));
        assertEquals(
                "shape '9b' is unknown; there are tiny, 0.5b, 1.5b, 3b, 7b, 14b, 32b, 72b",
                unknown.getMessage());
        assertEquals(2, CommandLines.run(new CheckpointCommand(), "9b", folder + "/x"));
        assertEquals(2, CommandLines.run(new CheckpointCommand(), "tiny", folder.toString()));
        assertEquals(2, CommandLines.run(new CheckpointCommand(), "tiny"));
        assertFalse(Files.exists(folder.resolve("x")));
    }
}
