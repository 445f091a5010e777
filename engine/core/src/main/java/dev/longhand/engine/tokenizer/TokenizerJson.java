package dev.longhand.engine.tokenizer;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.UnreadableFileException;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads what the byte table needs of a {@code tokenizer.json}, as a stream: Qwen2.5's has 7 MB, and
 * as a tree would take ten times that of the heap.
 */
final class TokenizerJson {
    private static final long BYTES_MAX = 256L << 20;

    private final Path file;
    private final JsonParser parser;
    private final TokenTable.Builder table;
    private String decoder = "none";

    private TokenizerJson(Path file, JsonParser parser, TokenTable.Builder table) {
        this.file = file;
        this.parser = parser;
        this.table = table;
    }

    static void read(Path file, TokenTable.Builder table) {
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw new InputException(file + ": longer than " + BYTES_MAX + " bytes");
            }
        } catch (IOException e) {
            throw new UnreadableFileException(file, e);
        }
        try (InputStream in = Files.newInputStream(file);
                JsonParser parser = Json.streaming().createParser(ObjectReadContext.empty(), in)) {
            new TokenizerJson(file, parser, table).readDocument();
        } catch (JacksonException e) {
            throw Json.malformed(file.toString(), e);
        } catch (IOException e) {
            throw new UnreadableFileException(file, e);
        }
    }

    private void readDocument() {
        require(parser.nextToken() == JsonToken.START_OBJECT, "must be a JSON object");
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("model") && value == JsonToken.START_OBJECT) {
                readModel();
            } else if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
                readAddedTokens();
            } else if (key.equals("decoder") && value == JsonToken.START_OBJECT) {
                decoder = readType();
            } else {
                parser.skipChildren();
            }
        }
        require(
                decoder.equals("ByteLevel"),
                "decoder " + decoder + " is not supported: only ByteLevel is");
    }

    private void readModel() {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("type")) {
                require(
                        "BPE".equals(parser.getString()),
                        "model " + parser.getString() + " is not supported: only BPE is");
            } else if (key.equals("vocab")) {
                require(value == JsonToken.START_OBJECT, "model.vocab must be an object");
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    String spelling = parser.currentName();
                    require(
                            parser.nextToken() == JsonToken.VALUE_NUMBER_INT,
                            "token ids must be whole numbers");
                    table.addSpelled(spelling, parser.getLongValue());
                }
            } else {
                parser.skipChildren();
            }
        }
    }

    private void readAddedTokens() {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            long id = -1;
            String content = "";
            boolean special = false;
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (key) {
                    case "id" -> {
                        require(
                                value == JsonToken.VALUE_NUMBER_INT,
                                "token ids must be whole numbers");
                        id = parser.getLongValue();
                    }
                    case "content" -> content = parser.getString();
                    case "special" -> special = value == JsonToken.VALUE_TRUE;
                    default -> parser.skipChildren();
                }
            }
            table.addPlain(content, id, special);
        }
    }

    private String readType() {
        String type = "none";
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            if (key.equals("type")) {
                type = parser.getString();
            } else {
                parser.skipChildren();
            }
        }
        return type;
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new InputException(file + ": " + message);
        }
    }
}
