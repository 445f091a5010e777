package dev.longhand.engine.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonToken;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.JsonStream;
import dev.longhand.engine.file.UnreadableFileException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Reads the vocabulary and the added tokens of a {@code tokenizer.json} into a byte table. The file
 * is streamed: Qwen2.5's has 7 MB, and a tree of it would take ten times as much heap.
 */
final class TokenizerJson {
    private static final long BYTES_MAX = 256L << 20;

    /** The pre-tokenizer of Qwen2 and Qwen2.5, whose words {@link TextPieces} knows. */
    private static final JsonElement QWEN2_WORDS =
            JsonParser.parseString(
                    """
                    {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":
                    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| \
                    ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"},
                    "behavior":"Isolated","invert":false},{"type":"ByteLevel",
                    "add_prefix_space":false,"trim_offsets":false,"use_regex":false}]}\
                    """);

    private static final Pattern WHITE_SPACE = Pattern.compile("[\\s\\h\\v]");

    private final Path file;
    private final JsonStream stream;
    private final TokenTable.Builder table;
    private @Nullable TokenSpelling spelling;
    private boolean wordsOfQwen2;
    private boolean plainTokens = true; // without white space
    private boolean strips; // whether a token takes the white space around it, however long

    private TokenizerJson(Path file, JsonStream stream, TokenTable.Builder table) {
        this.file = file;
        this.stream = stream;
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
        try (InputStream in = Files.newInputStream(file)) {
            read(file, in, table);
        } catch (IOException e) {
            throw new UnreadableFileException(file, e);
        }
    }

    static void read(Path source, InputStream json, TokenTable.Builder table) {
        try (JsonStream stream = new JsonStream(source.toString(), json)) {
            new TokenizerJson(source, stream, table).readDocument();
        }
    }

    private void readDocument() {
        require(stream.at(JsonToken.BEGIN_OBJECT), "must be a JSON object");
        stream.beginObject();
        while (stream.hasNext()) {
            String key = stream.name();
            if (key.equals("model") && stream.at(JsonToken.BEGIN_OBJECT)) {
                readModel();
            } else if (key.equals("added_tokens") && stream.at(JsonToken.BEGIN_ARRAY)) {
                readAddedTokens();
            } else if (key.equals("decoder")) {
                readDecoder(stream.tree());
            } else if (key.equals("pre_tokenizer")) {
                wordsOfQwen2 = stream.tree().equals(QWEN2_WORDS);
            } else if (key.equals("normalizer")) {
                requireNormalizer(stream.tree());
            } else {
                stream.skip();
            }
        }
        stream.endObject();
        require(spelling != null, "it has no decoder");
        boolean plain = plainTokens && !strips;
        table.setCuttable(spelling == TokenSpelling.BYTE_LEVEL && wordsOfQwen2 && plain);
        table.setStrips(strips);
    }

    private void readDecoder(JsonElement decoder) {
        TokenSpelling found = TokenSpelling.of(decoder).orElse(null);
        if (found == null) {
            throw new InputException(
                    "%s: decoder %s is not supported: only ByteLevel and SentencePiece's are"
                            .formatted(file, TokenSpelling.type(decoder)));
        }
        spelling = found;
        table.setSpelling(found);
    }

    private void requireNormalizer(JsonElement normalizer) {
        TokenSpelling.foreignStep(normalizer)
                .ifPresent(
                        step ->
                                require(
                                        false,
                                        ("normalizer %s is not supported: only NFC is, and"
                                                        + " SentencePiece's of spaces")
                                                .formatted(TokenSpelling.type(step))));
    }

    private void readModel() {
        stream.beginObject();
        while (stream.hasNext()) {
            switch (stream.name()) {
                case "type" -> {
                    String type = text();
                    require(type.equals("BPE"), "model " + type + " is not supported: only BPE is");
                }
                case "vocab" -> readVocabulary();
                default -> stream.skip();
            }
        }
        stream.endObject();
    }

    private void readVocabulary() {
        require(stream.at(JsonToken.BEGIN_OBJECT), "model.vocab must be an object");
        stream.beginObject();
        while (stream.hasNext()) {
            String spelling = stream.name();
            table.addSpelled(spelling, id());
        }
        stream.endObject();
    }

    private void readAddedTokens() {
        stream.beginArray();
        while (stream.hasNext()) {
            require(stream.at(JsonToken.BEGIN_OBJECT), "added tokens must be objects");
            long id = -1;
            String content = "";
            boolean special = false;
            stream.beginObject();
            while (stream.hasNext()) {
                switch (stream.name()) {
                    case "id" -> id = id();
                    case "content" -> content = text();
                    case "special" -> special = flag();
                    case "lstrip", "rstrip" -> strips |= flag();
                    default -> stream.skip();
                }
            }
            stream.endObject();
            table.addPlain(content, id, special);
            plainTokens &= !WHITE_SPACE.matcher(content).find();
        }
        stream.endArray();
    }

    private long id() {
        String message = "token ids must be whole numbers";
        require(stream.at(JsonToken.NUMBER), message);
        String number = stream.number();
        require(Json.isWhole(number) && number.length() < Long.SIZE / 4, message);
        return Long.parseLong(number);
    }

    private String text() {
        require(stream.at(JsonToken.STRING), "types and tokens must be strings");
        return stream.string();
    }

    private boolean flag() {
        require(stream.at(JsonToken.BOOLEAN), "special must be true or false");
        return stream.bool();
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new InputException(file + ": " + message);
        }
    }
}
