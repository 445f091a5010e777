package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.file.Sha256;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The file {@code .run.json} beside the output, which lists all that determines the answers: the
 * settings, and the SHA-256 of problems, model, adapter and system message. Folder paths, the
 * number of threads and the number of concurrent answers change no answer and are left out. A run
 * resumes only if its manifest is equal.
 */
final class RunManifest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int BYTES_MAX = 16 << 20;
    private static final String HASH = "config_sha256";

    private final ObjectNode content;

    /**
     * Describes a run.
     *
     * @param contextTokensMax the engine's limit on tokens of prompt and answer
     * @param machine the device and the dtypes, on which answers depend
     */
    RunManifest(
            RunConfig config,
            String problemsSha,
            String modelSha,
            @Nullable String adapterSha,
            int contextTokensMax,
            String machine) {
        content = JSON.createObjectNode();
        content.put("problems_sha256", problemsSha);
        content.put("model_sha", modelSha);
        content.put("adapter_sha", adapterSha);
        content.put("machine", machine);
        content.put("system_sha256", config.system() == null ? null : Sha256.hex(config.system()));
        content.put("user_template", config.userTemplate());
        Map<String, String> variables = config.template().variables();
        if (!variables.isEmpty()) {
            content.put("chat_template_kwargs", new TreeMap<>(variables).toString());
        }
        content.put("prefill", config.prefill());
        content.put("temperature", config.sampling().temperature());
        content.put("top_p", config.sampling().topP());
        content.put("top_k", config.sampling().topK());
        content.put("min_p", config.sampling().minP());
        content.put("repetition_penalty", config.sampling().repetitionPenalty());
        content.put("frequency_penalty", config.sampling().frequencyPenalty());
        content.put("presence_penalty", config.sampling().presencePenalty());
        content.put("n", config.samples());
        content.put("seed", config.seed());
        content.put("max_new_tokens", config.newTokensMax());
        content.put("max_context", contextTokensMax);
        config.stops().forEach(content.putArray("stop")::add);
        content.put("stop_in_thought", config.stopInThought());
        content.put("ignore_eos", config.ignoreEos());
        content.put("thinking", config.thinking().toString());
        content.put("loop_rule", String.valueOf(config.loopRule()));
        content.put(HASH, Sha256.hex(JSON.writeValueAsString(content)));
    }

    private RunManifest(ObjectNode content) {
        this.content = content;
        content.put(HASH, Sha256.hex(JSON.writeValueAsString(content)));
    }

    /**
     * Describes a run of requests that carry their own settings.
     *
     * @param settings everything else that answers depend on, by name
     */
    static RunManifest ofRequests(String requestsSha, Map<String, String> settings) {
        ObjectNode content = JSON.createObjectNode().put("requests_sha256", requestsSha);
        new TreeMap<>(settings).forEach(content::put);
        return new RunManifest(content);
    }

    /**
     * Writes the file for a new run, or compares this manifest with an existing file.
     *
     * @param others the other files of a run beside its output
     * @throws InputException if the files belong to another run
     */
    void claim(Path out, List<Path> others) {
        Path file = RunFiles.beside(out, ".run.json");
        if (Files.exists(file)) {
            compare(file, out);
            return;
        }
        for (Path each : others) {
            if (Files.exists(each)) {
                throw new InputException(
                        "%s is left of another run; take it away or choose another output file"
                                .formatted(each));
            }
        }
        if (Files.exists(out) && size(out) > 0) {
            throw new InputException(
                    "%s: is there already and has no %s beside it, so it is not of such a run"
                            .formatted(out, file.getFileName()));
        }
        write(file);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
    }

    private void compare(Path file, Path out) {
        String written = Settings.parse(file.toString(), Json.bytes(file, BYTES_MAX)).json();
        JsonNode before = JSON.readTree(written);
        requireWhole(file, before);
        JsonNode now = JSON.readTree(JSON.writeValueAsString(content));
        for (String key : content.propertyNames()) {
            if (!key.equals(HASH) && !now.path(key).equals(before.path(key))) {
                throw new InputException(
                        ("%s was begun with another configuration: %s was %s and is %s;"
                                        + " choose another output file")
                                .formatted(
                                        out,
                                        key,
                                        ErrorText.line(before.path(key).toString()),
                                        ErrorText.line(now.path(key).toString())));
            }
        }
        if (!now.path(HASH).equals(before.path(HASH))) {
            throw new InputException(
                    file + ": has settings that this version does not know; choose another output");
        }
    }

    /** Checks the hash of the file's own content. */
    private static void requireWhole(Path file, JsonNode written) {
        String hash = written.path(HASH).asString("");
        if (written instanceof ObjectNode object) {
            ObjectNode hashed = object.deepCopy();
            hashed.remove(HASH);
            if (Sha256.hex(JSON.writeValueAsString(hashed)).equals(hash)) {
                return;
            }
        }
        throw new InputException(
                file
                        + ": has been changed or damaged, so the answers beside it may be of"
                        + " another run; restore it, or choose another output file");
    }

    /** Writes atomically: to another name, forced to the disk, then renamed. */
    private void write(Path file) {
        String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n";
        try {
            DurableFiles.replace(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "%s: cannot be written (%s)".formatted(file, e.getMessage()), e);
        }
    }
}
