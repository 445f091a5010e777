package dev.longhand.engine.lora;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What is given in place of a PEFT folder is named, with what to do. */
class AdapterFolderCheckTest {
    @TempDir private Path folder;

    private void write(String... names) throws IOException {
        for (String name : names) {
            Files.writeString(folder.resolve(name), "{}");
        }
    }

    private static void refused(Path path, String fault) {
        String message =
                assertThrows(InputException.class, () -> AdapterFolderCheck.require(path))
                        .getMessage();
        assertEquals(path + ": " + fault, message);
    }

    @ParameterizedTest
    @CsvSource({
        "adapters.safetensors, MLX-LM",
        "0000100_adapters.safetensors, MLX-LM",
        "adapters.npz, MLX-LM",
        "pytorch_lora_weights.safetensors, diffusers",
        "pytorch_adapter.bin, AdapterHub",
        "lit_model.pth.lora, LitGPT",
        "math.nemo, NeMo"
    })
    void adaptersOfOtherTools(String file, String tool) throws IOException {
        write(file);
        String fault = "is an adapter of " + tool + ": only adapters in PEFT's format can be read";
        refused(folder, fault);
        write("adapter_config.json", "config.json");
        refused(folder, fault);
    }

    @Test
    void otherFormsOfPeft() throws IOException {
        write("adapter_config.json", "adapter_model.bin");
        refused(
                folder,
                "has its weights in PyTorch's format; safetensors are needed: load and save the"
                        + " adapter with PEFT");
        write("adapter_model.safetensors", "adapters.safetensors");
        assertDoesNotThrow(() -> AdapterFolderCheck.require(folder));
        Files.writeString(
                folder.resolve("adapter_model.safetensors"),
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        refused(
                folder,
                "adapter_model.safetensors is a git-lfs pointer, not the file itself; run \"git lfs"
                        + " pull\" in the folder");
    }

    @Test
    void whatIsNoAdapter() throws IOException {
        refused(folder.resolve("x"), "there is no such folder");
        refused(
                Path.of("org/lora@v1"),
                "there is no such folder; if this is a name on the Hugging Face Hub, \"hf download"
                        + " org/lora\" fetches it, with its revision v1");
        write("config.json");
        refused(folder, "is a model, not an adapter");
        refused(
                folder.resolve("config.json"),
                "is a file; an adapter is a folder with adapter_config.json and"
                        + " adapter_model.safetensors, or a GGUF file");
    }
}
