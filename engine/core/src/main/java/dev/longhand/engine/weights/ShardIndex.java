package dev.longhand.engine.weights;

import com.google.gson.JsonElement;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Json;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The index of a sharded checkpoint, from {@code model.safetensors.index.json}.
 *
 * @param shardOf file name of the shard, by tensor name
 */
public record ShardIndex(Map<String, String> shardOf) {
    /** Limit for an index; that of a 72B model has about 80 kB. */
    private static final int BYTES_MAX = 32 << 20;

    /** A plain file name: no folder, no parent, nothing hidden. */
    private static final Pattern FILE_NAME =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*\\.safetensors");

    /**
     * Reads an index.
     *
     * @throws InputException if it is not an index, or names a file outside the folder
     */
    public static ShardIndex read(Path file) {
        JsonElement index = Json.read(file, BYTES_MAX);
        JsonElement map = index.isJsonObject() ? index.getAsJsonObject().get("weight_map") : null;
        if (map == null || !map.isJsonObject()) {
            throw new InputException(file + ": weight_map must be an object");
        }
        Map<String, String> shardOf = new LinkedHashMap<>();
        map.getAsJsonObject()
                .asMap()
                .forEach((tensor, shard) -> shardOf.put(tensor, fileName(file, shard)));
        return new ShardIndex(Map.copyOf(shardOf));
    }

    private static String fileName(Path index, JsonElement shard) {
        boolean string = shard.isJsonPrimitive() && shard.getAsJsonPrimitive().isString();
        if (!string || !FILE_NAME.matcher(shard.getAsString()).matches()) {
            throw new InputException(
                    "%s: %s is not the name of a shard"
                            .formatted(index, ErrorText.quote(shard.toString())));
        }
        return shard.getAsString();
    }

    /** The shards' file names, sorted. */
    public Set<String> shards() {
        return new TreeSet<>(shardOf.values());
    }
}
