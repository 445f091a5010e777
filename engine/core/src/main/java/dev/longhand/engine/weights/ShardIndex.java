package dev.longhand.engine.weights;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Json;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Which shard holds which tensor, from {@code model.safetensors.index.json}.
 *
 * @param shardOf file name by tensor name
 */
record ShardIndex(Map<String, String> shardOf) {
    /** A 72B model's index is about 80 kB. */
    private static final int BYTES_MAX = 32 << 20;

    /** A plain file name: no folder, no parent, nothing hidden. */
    private static final Pattern FILE_NAME =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*\\.safetensors");

    /**
     * Reads an index.
     *
     * @throws InputException if it is not an index, or names a file outside the folder
     */
    static ShardIndex read(Path file) {
        JsonNode map = Json.read(file, BYTES_MAX).path("weight_map");
        if (!map.isObject()) {
            throw new InputException(file + ": weight_map must be an object");
        }
        Map<String, String> shardOf = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            JsonNode shard = entry.getValue();
            if (!shard.isString() || !FILE_NAME.matcher(shard.stringValue()).matches()) {
                throw new InputException(
                        "%s: %s is not the name of a shard"
                                .formatted(file, ErrorText.quote(shard.toString())));
            }
            shardOf.put(entry.getKey(), shard.stringValue());
        }
        return new ShardIndex(Map.copyOf(shardOf));
    }

    /** The shards' file names, sorted. */
    Set<String> shards() {
        return new TreeSet<>(shardOf.values());
    }
}
