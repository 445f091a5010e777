package dev.longhand.batch;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One line of the journal: an answer, and first the CRC32C of the rest of the line.
 *
 * @param index the line index in the output, from 0
 * @param line the line of the output
 * @param timing the line of the timings
 */
record JournalEntry(int index, String line, String timing) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String CHECKSUM = "{\"crc32c\":\"%s\",";
    private static final int CHECKSUM_BYTES = CHECKSUM.formatted("01234567").length();

    /** Formats the line, without its terminator. */
    byte[] bytes() {
        String json =
                JSON.writeValueAsString(
                        JSON.createObjectNode()
                                .put("index", index)
                                .put("line", line)
                                .put("timing", timing));
        byte[] rest = json.substring(1).getBytes(StandardCharsets.UTF_8);
        byte[] checksum = checksum(rest);
        byte[] bytes = Arrays.copyOf(checksum, checksum.length + rest.length);
        System.arraycopy(rest, 0, bytes, checksum.length, rest.length);
        return bytes;
    }

    private static byte[] checksum(byte[] rest) {
        return CHECKSUM.formatted(OutputSums.hex(rest)).getBytes(StandardCharsets.US_ASCII);
    }

    /** Parses a line; null if its checksum does not match or is missing. */
    static @Nullable JournalEntry parse(byte[] bytes) {
        int split = Math.min(CHECKSUM_BYTES, bytes.length);
        byte[] rest = Arrays.copyOfRange(bytes, split, bytes.length);
        if (!Arrays.equals(checksum(rest), 0, CHECKSUM_BYTES, bytes, 0, split)) {
            return null;
        }
        try {
            JsonNode json = JSON.readTree(bytes);
            return new JournalEntry(
                    json.required("index").asInt(),
                    json.required("line").asString(),
                    json.required("timing").asString());
        } catch (JacksonException e) {
            return null;
        }
    }
}
