package dev.longhand.engine.file;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What is given in place of a model folder is named, with what to do. */
class ModelFolderCheckTest {
    @TempDir private Path folder;

    private static void refused(Path path, String... parts) {
        String message =
                assertThrows(InputException.class, () -> ModelFolderCheck.require(path))
                        .getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), "expected '" + part + "' in: " + message);
        }
        assertEquals(1, message.lines().count(), message);
    }

    private Path file(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    @Test
    void namesOfTheHub() {
        refused(
                Path.of("Qwen/Qwen2.5-0.5B-Instruct"),
                "no such folder",
                "\"hf download Qwen/Qwen2.5-0.5B-Instruct\" fetches it");
        refused(Path.of("a/b@v1"), "\"hf download a/b\" fetches it, with its revision v1");
        refused(folder.resolve("nowhere"), "there is no such folder");
    }

    @Test
    void files() throws IOException {
        Path gguf = file("qwen2.5-q4_0.gguf", "GGUF");
        assertDoesNotThrow(() -> ModelFolderCheck.require(gguf));
        refused(folder.resolve("other.gguf"), "there is no such file");
        refused(file("model.safetensors", ""), "no such folder", "name the folder that holds");
    }

    @Test
    void foldersOfOtherKinds() throws IOException {
        Path gguf = file("gguf/q4.gguf", "GGUF").getParent();
        assertDoesNotThrow(() -> ModelFolderCheck.require(gguf));
        file("both/config.json", "{}");
        refused(file("both/q4.gguf", "GGUF").getParent(), "name the GGUF file itself");
        refused(file("lora/adapter_config.json", "{}").getParent(), "is an adapter");
        file("bin/config.json", "{}");
        refused(file("bin/pytorch_model.bin", "").getParent(), "PyTorch", "safetensors");
    }

    @Test
    void theCacheOfTheHub() throws IOException {
        String snapshot = "hub/models--Qwen--Qwen2.5-0.5B/snapshots/abc";
        file(snapshot + "/config.json", "{}");
        for (String given : new String[] {".", "hub", "hub/models--Qwen--Qwen2.5-0.5B"}) {
            refused(folder.resolve(given).normalize(), "cache", snapshot);
        }
        assertDoesNotThrow(() -> ModelFolderCheck.require(folder.resolve(snapshot)));
    }

    @Test
    void pointersOfGitLfs() throws IOException {
        String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
        file("model/config.json", "{}");
        refused(
                file("model/model.safetensors", pointer).getParent(),
                "model.safetensors is a git-lfs pointer",
                "git lfs pull");
        file("model/model.safetensors", "{}");
        refused(file("model/tokenizer.json", pointer).getParent(), "tokenizer.json");
    }

    @Test
    void namesOfFilesCannotControlATerminal() throws IOException {
        Path evil = Files.createDirectory(folder.resolve("evil\n\u001b[31m"));
        Files.writeString(evil.resolve("adapter_config.json"), "{}");
        refused(evil, "evil\\u000a\\u001b[31m");
    }
}
