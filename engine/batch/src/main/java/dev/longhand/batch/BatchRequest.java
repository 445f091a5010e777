package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.file.Sha256;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A line of OpenAI's batch form.
 *
 * @param id derived from the line, so that it is the same in each run
 * @param customId the client's id; null if the line has none
 * @param url the path of the endpoint
 * @param body the request as JSON
 * @param fault why the line is no request; null if it is one
 */
public record BatchRequest(
        String id, @Nullable String customId, String url, String body, @Nullable String fault) {
    private static final int LINE_BYTES_MAX = 64 << 20;
    private static final int SEED_BITS = 52; // JSON readers keep these exactly
    private static final Set<String> FIELDS = Set.of("custom_id", "method", "url", "body");

    /** Whether the first line of a file has the form of a request. */
    public static boolean areIn(Path file) {
        try (JsonlReader lines = JsonlReader.open(file, LINE_BYTES_MAX)) {
            byte[] first = lines.nextFilled();
            JsonNode line = first == null ? null : RunPlan.parse(first);
            return line != null && (line.has("custom_id") || (line.has("url") && line.has("body")));
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
    }

    /**
     * Reads a file. A line that is no request is one with a {@link #fault}.
     *
     * @throws InputException if the file cannot be read or has no lines
     */
    public static List<BatchRequest> read(Path file) {
        List<BatchRequest> requests = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        try (JsonlReader lines = JsonlReader.open(file, LINE_BYTES_MAX)) {
            for (byte[] line = lines.nextFilled(); line != null; line = lines.nextFilled()) {
                String place = "line " + lines.number();
                requests.add(parse(place, line, ids, requests.size()));
            }
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
        if (requests.isEmpty()) {
            throw new InputException(file + ": has no requests");
        }
        return requests;
    }

    private static BatchRequest parse(String place, byte[] line, Set<String> ids, int index) {
        String text = new String(line, StandardCharsets.UTF_8);
        String id = "batch_req_" + Sha256.hex(index + ":" + text).substring(0, 32);
        String customId = null;
        try {
            Settings request = Settings.parse(place, line);
            customId =
                    request.string("custom_id")
                            .orElseThrow(() -> request.refuse("custom_id", "is missing"));
            if (!ids.add(customId)) {
                throw request.refuse("custom_id", "is that of an earlier line");
            }
            for (String key : request.keys()) {
                if (!FIELDS.contains(key)) {
                    throw request.refuse(key, "is not supported");
                }
            }
            if (!request.string("method").orElse("").equals("POST")) {
                throw request.refuse("method", "must be \"POST\"");
            }
            String url =
                    request.string("url").orElseThrow(() -> request.refuse("url", "is missing"));
            Settings body =
                    request.object("body").orElseThrow(() -> request.refuse("body", "is missing"));
            return new BatchRequest(id, customId, url, seeded(body, customId), null);
        } catch (InputException e) {
            return new BatchRequest(id, customId, "", "", String.valueOf(e.getMessage()));
        }
    }

    /** Returns the body, with a seed that follows from the id if it has none. */
    private static String seeded(Settings body, String customId) {
        String json = body.json();
        if (body.keys().contains("seed")) {
            return json;
        }
        BigInteger hash = new BigInteger(1, Sha256.bytes("generate:" + customId));
        String seed = "{\"seed\":" + hash.shiftRight(hash.bitLength() - SEED_BITS);
        return seed + (body.keys().isEmpty() ? "" : ",") + json.substring(1);
    }
}
