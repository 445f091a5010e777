package dev.longhand.engine.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;

import dev.longhand.engine.file.ErrorText;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** How a vocabulary spells the bytes of its tokens, and how texts are prepared for it. */
enum TokenSpelling {
    /** GPT-2's printable stand-ins for bytes, as Qwen2 and Llama 3 have them. */
    BYTE_LEVEL(false),

    /** SentencePiece's with {@code ▁} for a space and {@code <0xAB>} for a byte, as in Gemma. */
    PIECES(false),

    /** The same where texts are encoded with a space before them, as in Llama 2 and Mistral. */
    PIECES_AFTER_SPACE(true);

    private static final String PIECE_DECODERS =
            """
            {"type":"Replace","pattern":{"String":"▁"},"content":" "},
            {"type":"ByteFallback"},{"type":"Fuse"}\
            """;

    private static final JsonElement PIECE_DECODER = sequence(PIECE_DECODERS);

    private static final JsonElement PIECE_DECODER_AFTER_SPACE =
            sequence(
                    PIECE_DECODERS
                            + ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}");

    /** The steps that texts may take; one that replaces other texts could make them endless. */
    private static final List<JsonElement> NORMALIZERS =
            List.of(
                    JsonParser.parseString("{\"type\":\"NFC\"}"),
                    JsonParser.parseString("{\"type\":\"Prepend\",\"prepend\":\"▁\"}"),
                    JsonParser.parseString(
                            "{\"type\":\"Replace\",\"pattern\":{\"String\":\""
                                    + " \"},\"content\":\"▁\"}"));

    private static final int BYTE_LENGTH = "<0xAB>".length();

    private final boolean dropsSpace;

    TokenSpelling(boolean dropsSpace) {
        this.dropsSpace = dropsSpace;
    }

    /** Whether a decoded text loses the space at its beginning. */
    boolean dropsSpace() {
        return dropsSpace;
    }

    private static JsonElement sequence(String decoders) {
        return JsonParser.parseString("{\"type\":\"Sequence\",\"decoders\":[" + decoders + "]}");
    }

    /** Returns the spelling that a decoder of a {@code tokenizer.json} undoes; empty if unknown. */
    static Optional<TokenSpelling> of(JsonElement decoder) {
        if (decoder.equals(PIECE_DECODER)) {
            return Optional.of(PIECES);
        }
        if (decoder.equals(PIECE_DECODER_AFTER_SPACE)) {
            return Optional.of(PIECES_AFTER_SPACE);
        }
        return type(decoder).equals("ByteLevel") ? Optional.of(BYTE_LEVEL) : Optional.empty();
    }

    /** Returns the type of a part of a {@code tokenizer.json}; {@code none} without one. */
    static String type(JsonElement part) {
        return part instanceof JsonObject object
                        && object.get("type") instanceof JsonPrimitive type
                        && type.isString()
                ? ErrorText.line(type.getAsString())
                : "none";
    }

    /** Returns the first step of a normalizer that no tokenizer here may take; empty if none. */
    static Optional<JsonElement> foreignStep(JsonElement normalizer) {
        if (normalizer instanceof JsonNull) {
            return Optional.empty();
        }
        if (normalizer instanceof JsonObject object
                && object.get("normalizers") instanceof JsonArray steps) {
            return steps.asList().stream().flatMap(step -> foreignStep(step).stream()).findFirst();
        }
        return NORMALIZERS.contains(normalizer) ? Optional.empty() : Optional.of(normalizer);
    }

    /** Returns the bytes of a token; empty if it is not spelled so. */
    Optional<byte[]> bytes(String token) {
        if (this == BYTE_LEVEL) {
            byte[] bytes = new byte[token.length()];
            for (int i = 0; i < bytes.length; i++) {
                int value = ByteAlphabet.byteOf(token.charAt(i));
                if (value < 0) {
                    return Optional.empty();
                }
                bytes[i] = (byte) value;
            }
            return Optional.of(bytes);
        }
        if (token.length() == BYTE_LENGTH && token.startsWith("<0x") && token.endsWith(">")) {
            int high = Character.digit(token.charAt(3), 16);
            int low = Character.digit(token.charAt(4), 16);
            if (high >= 0 && low >= 0) {
                return Optional.of(new byte[] {(byte) (high << 4 | low)});
            }
        }
        return Optional.of(token.replace('▁', ' ').getBytes(StandardCharsets.UTF_8));
    }
}
