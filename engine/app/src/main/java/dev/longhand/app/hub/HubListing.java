package dev.longhand.app.hub;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.HubCache;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/** The files of a revision as the Hub lists them. Nothing of the list is trusted. */
final class HubListing {
    private static final Pattern SHA_1 = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
    private static final long FILE_BYTES_MAX = 1L << 50;
    private static final int NAME_BYTES_MAX = 240;
    private static final int PATH_BYTES_MAX = 1000;

    private final String source;
    private final String commit;
    private final Map<String, JsonLine> files = new LinkedHashMap<>();

    private HubListing(JsonLine json) {
        source = json.source();
        commit = json.requiredString("sha");
        if (!HubCache.isCommit(commit)) {
            throw json.refuse("sha", "is no commit");
        }
        for (JsonNode each : json.list("siblings")) {
            if (!(each instanceof ObjectNode object)) {
                throw json.refuse("siblings", "must be a list of objects");
            }
            JsonLine file = new JsonLine(source, object);
            files.put(file.requiredString("rfilename"), file);
        }
    }

    /**
     * Parses the Hub's answer on a revision.
     *
     * @param source the name of the repository in errors
     * @throws InputException if it is no such answer
     */
    static HubListing parse(String source, byte[] json) {
        return new HubListing(JsonLine.parse(source, json));
    }

    /** The name of the repository, as errors name it. */
    String source() {
        return source;
    }

    /** The commit of the revision. */
    String commit() {
        return commit;
    }

    /** The paths of all files, unchecked. */
    Set<String> paths() {
        return files.keySet();
    }

    boolean has(String path) {
        return files.containsKey(path);
    }

    /**
     * Returns a file that is listed.
     *
     * @throws InputException if its path leads out of the repository, or its size or hash is none
     */
    HubFile file(String path) {
        JsonLine file = Objects.requireNonNull(files.get(path));
        if (!isWithin(path)) {
            throw new InputException(
                    "%s: the Hub lists %s, which is no path within a repository"
                            .formatted(source, ErrorText.quote(path)));
        }
        JsonLine large = new JsonLine(source, file.object("lfs"));
        Long bytes = large.whole("size") == null ? file.whole("size") : large.whole("size");
        String hash = large.object().isEmpty() ? file.string("blobId") : large.string("sha256");
        Pattern form = large.object().isEmpty() ? SHA_1 : SHA_256;
        if (bytes == null || bytes < 0 || bytes > FILE_BYTES_MAX) {
            throw new InputException(
                    "%s: the Hub lists %s without its size"
                            .formatted(source, ErrorText.quote(path)));
        }
        if (hash == null || !form.matcher(hash).matches()) {
            throw new InputException(
                    "%s: the Hub lists %s without its hash"
                            .formatted(source, ErrorText.quote(path)));
        }
        return new HubFile(path, bytes, hash);
    }

    private static boolean isWithin(String path) {
        if (path.getBytes(StandardCharsets.UTF_8).length > PATH_BYTES_MAX) {
            return false;
        }
        for (String name : path.split("/", -1)) {
            if (name.isEmpty()
                    || name.equals(".")
                    || name.equals("..")
                    || name.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX
                    || name.chars().anyMatch(c -> c < ' ' || c == 127 || c == '\\')) {
                return false;
            }
        }
        return true;
    }
}
