package dev.longhand.training.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.SafetensorsFile;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checkpoints before any learning, beside those of transformers with the same configuration. */
class BlankCheckpointTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dim32-group8",
                "llama-dim128-biased",
                "llama-dim64-tied",
                "mistral-dim32",
                "qwen3-dim32-tied",
                "gemma2-dim64"
            })
    void itHasTheTensorsOfItsFamily(String golden) throws IOException {
        Path other = Goldens.checkpoint(golden);
        Path blank = folder.resolve("blank");
        BlankCheckpoint checkpoint =
                new BlankCheckpoint(
                        other.resolve("config.json"), Goldens.DEMO.resolve("checkpoint"));
        checkpoint.write(blank);
        checkpoint.write(blank); // a run that resumes writes it anew
        assertEquals(ModelConfig.read(other), ModelConfig.read(blank));
        try (Checkpoint expected = Checkpoint.open(other);
                Checkpoint actual = Checkpoint.open(blank)) {
            assertEquals(expected.names(), actual.names());
            for (SafetensorsFile shard : expected.shards()) {
                for (String name : shard.names()) {
                    Shape shape = shard.tensor(name).shape();
                    assertEquals(shape, actual.tensor(name, shape).shape());
                }
            }
        }
        assertEquals(
                -1,
                Files.mismatch(
                        Goldens.DEMO.resolve("checkpoint/tokenizer.json"),
                        blank.resolve("tokenizer.json")));
    }

    @Test
    void anUnsupportedShapeLeavesNothing() throws IOException {
        Path config =
                Files.writeString(folder.resolve("config.json"), "{\"architectures\":[\"X\"]}");
        Path blank = folder.resolve("blank");
        assertThrows(
                InputException.class,
                () -> new BlankCheckpoint(config, Goldens.DEMO.resolve("checkpoint")).write(blank));
        assertFalse(Files.exists(blank));
    }
}
