package dev.longhand.engine.lora;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.FolderContent;
import dev.longhand.engine.file.HubName;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Recognises what is often given in place of a PEFT folder: adapters of other tools, a model, a
 * file, a name on the Hugging Face Hub. The error names it.
 */
final class AdapterFolderCheck {
    private static final String ONLY_PEFT = ": only adapters in PEFT's format can be read";

    /** Files by which the adapters of other tools are known. */
    private static final List<Foreign> FOREIGN =
            List.of(
                    new Foreign("adapters.safetensors", "MLX-LM"),
                    new Foreign("adapters.npz", "MLX-LM"),
                    new Foreign("pytorch_lora_weights.safetensors", "diffusers"),
                    new Foreign("pytorch_adapter.bin", "AdapterHub"),
                    new Foreign("lit_model.pth.lora", "LitGPT"),
                    new Foreign(".nemo", "NeMo"));

    /**
     * Files of another tool.
     *
     * @param ending how the name of one of them ends
     */
    private record Foreign(String ending, String tool) {}

    private AdapterFolderCheck() {}

    /**
     * Checks a path that should be a PEFT folder. A folder of another unknown kind passes; reading
     * its files tells what is missing.
     *
     * @throws InputException if it is recognised as something else
     */
    static void require(Path path) {
        String fault =
                Files.isDirectory(path) ? folderFault(FolderContent.of(path)) : pathFault(path);
        if (fault != null) {
            throw new InputException(ErrorText.path(path) + ": " + fault);
        }
    }

    private static String pathFault(Path path) {
        return Files.exists(path)
                ? "is a file; an adapter is a folder with adapter_config.json and"
                        + " adapter_model.safetensors, or a GGUF file"
                : HubName.missing(path.toString());
    }

    private static @Nullable String folderFault(FolderContent content) {
        if (content.has(AdapterReader.FILE)) {
            return content.pointerFault().orElse(null);
        }
        for (Foreign each : FOREIGN) {
            if (content.hasEnding(each.ending)) {
                return "is an adapter of " + each.tool + ONLY_PEFT;
            }
        }
        if (content.has("adapter_model.bin")) {
            return "has its weights in PyTorch's format; safetensors are needed: load and save the"
                    + " adapter with PEFT";
        }
        return content.has("config.json") && !content.has(AdapterConfig.FILE)
                ? "is a model, not an adapter"
                : null;
    }
}
