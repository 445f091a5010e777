package dev.longhand.engine.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.SharedFiles;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** Configurations of published checkpoints are read as they should be. */
class PublishedConfigsTest {
    @TempDir private Path folder;

    @TestFactory
    Stream<DynamicTest> areReadAsDescribed() {
        Path configs = SharedFiles.require("configs");
        return Goldens.read(configs.resolve("expected.json"))
                .valueStream()
                .map(
                        expected ->
                                DynamicTest.dynamicTest(
                                        expected.get("file").asString(),
                                        () -> check(configs, expected)));
    }

    private void check(Path configs, JsonNode expected) throws IOException {
        Files.copy(
                configs.resolve(expected.get("file").asString()),
                folder.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        ModelConfig config = ModelConfig.read(folder);
        assertEquals(expected.get("layers").asInt(), config.layers());
        assertEquals(expected.get("hidden").asInt(), config.hiddenSize());
        assertEquals(expected.get("heads").asInt(), config.heads());
        assertEquals(expected.get("kv_heads").asInt(), config.kvHeads());
        assertEquals(expected.get("head_dim").asInt(), config.headDim());
        assertEquals(expected.get("intermediate").asInt(), config.intermediateSize());
        assertEquals(expected.get("vocab").asInt(), config.vocabSize());
        assertEquals(expected.get("max_positions").asInt(), config.maxPositions());
        assertEquals((float) expected.get("rms_norm_eps").asDouble(), config.rmsNormEps());
        assertEquals(expected.get("rope_theta").asDouble(), config.rope().theta());
        assertEquals(expected.get("tie_word_embeddings").asBoolean(), config.tiedEmbeddings());
        assertEquals(List.of(expected.get("eos_token_id").asInt()), config.eosTokenIds());
        RopeScaling scaling = config.rope().scaling();
        assertEquals(expected.get("rope_type").asString().equals("yarn"), scaling != null);
        if (scaling instanceof Yarn yarn) {
            JsonNode values = expected.get("yarn");
            assertEquals(values.get("factor").asDouble(), yarn.factor());
            assertEquals(
                    values.get("original_max_position_embeddings").asInt(),
                    yarn.originalPositions());
            assertEquals(values.get("attention_factor").asDouble(), yarn.attentionFactor(), 1e-9);
            assertEquals(values.get("beta_fast").asDouble(), yarn.betaFast());
            assertEquals(values.get("beta_slow").asDouble(), yarn.betaSlow());
        }
    }
}
