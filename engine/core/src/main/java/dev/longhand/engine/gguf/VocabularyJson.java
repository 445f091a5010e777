package dev.longhand.engine.gguf;

import com.google.gson.stream.JsonWriter;

import dev.longhand.engine.file.ErrorText;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Translates a vocabulary of byte-level BPE to a {@code tokenizer.json}. Normal tokens are its
 * vocabulary; control and user-defined tokens are added tokens; unused ones are padding and left
 * out.
 */
final class VocabularyJson {
    static final String TOKENS = "tokenizer.ggml.tokens";
    static final String TYPES = "tokenizer.ggml.token_type";
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;
    private static final String MODEL = "tokenizer.ggml.model";
    private static final String PRE = "tokenizer.ggml.pre";
    private static final String MERGES = "tokenizer.ggml.merges";
    private static final int TOKENS_MAX = 1 << 22;

    /**
     * The split of a text into words.
     *
     * @param regex of Oniguruma, as in tokenizer.json
     * @param normalizer JSON
     * @param ignoreMerges whether a word that is a token is never merged from its parts
     */
    private record Words(String regex, String normalizer, boolean ignoreMerges) {}

    private static final Words QWEN2 =
            new Words(
                    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
                            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                    "{\"type\":\"NFC\"}",
                    false);

    private static final Words LLAMA3 =
            new Words(
                    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
                            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                    "null",
                    true);

    private static final Map<String, Words> PRE_TOKENIZERS =
            Map.of(
                    "qwen2", QWEN2,
                    "deepseek-r1-qwen", QWEN2,
                    "llama-bpe", LLAMA3,
                    "llama3", LLAMA3);

    private final GgufMetadata metadata;
    private final Words words;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);
    private final JsonWriter json =
            new JsonWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8));

    private VocabularyJson(GgufMetadata metadata, Words words) {
        this.metadata = metadata;
        this.words = words;
    }

    static Optional<byte[]> of(GgufMetadata metadata) {
        String model = metadata.string(MODEL).orElse("none");
        try {
            return switch (model) {
                case "none" -> Optional.empty();
                case "gpt2" -> Optional.of(new VocabularyJson(metadata, words(metadata)).write());
                case "llama" -> Optional.of(SentencePieceJson.of(metadata));
                default ->
                        throw metadata.refuse(
                                MODEL,
                                "is %s: only gpt2 and llama are read".formatted(quote(model)));
            };
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
    }

    /** Returns whether texts begin with BOS where the file does not say. */
    static boolean beginsWithBos(GgufMetadata metadata) {
        String model = metadata.string(MODEL).orElse("none");
        String pre = metadata.string(PRE).orElse("default");
        return model.equals("llama") || LLAMA3.equals(PRE_TOKENIZERS.get(pre));
    }

    private static Words words(GgufMetadata metadata) {
        String pre = metadata.string(PRE).orElse("default");
        Words words = PRE_TOKENIZERS.get(pre);
        if (words == null) {
            throw metadata.refuse(
                    PRE,
                    "is %s: only %s are read"
                            .formatted(
                                    quote(pre),
                                    PRE_TOKENIZERS.keySet().stream()
                                            .sorted()
                                            .collect(Collectors.joining(", "))));
        }
        return words;
    }

    private static String quote(String text) {
        return ErrorText.quote(text);
    }

    /** Returns the types of all tokens; without a list of them, all are normal. */
    static int[] types(GgufMetadata metadata) {
        int[] types = new int[metadata.length(TOKENS, TOKENS_MAX)];
        Arrays.fill(types, NORMAL);
        if (metadata.has(TYPES)) {
            if (metadata.length(TYPES, TOKENS_MAX) != types.length) {
                throw metadata.refuse(TYPES, "must be as long as " + TOKENS);
            }
            for (int i = 0; i < types.length; i++) {
                types[i] = (int) metadata.element(TYPES, i);
            }
        }
        return types;
    }

    private byte[] write() throws IOException {
        int[] types = types(metadata);
        json.beginObject();
        json.name("version").value("1.0");
        json.name("added_tokens").beginArray();
        eachToken(
                (token, id) -> {
                    if (types[id] == CONTROL || types[id] == USER_DEFINED) {
                        addedToken(json, token, id, types[id] == CONTROL);
                    }
                });
        json.endArray();
        json.name("normalizer").jsonValue(words.normalizer);
        preTokenizer();
        json.name("decoder");
        byteLevel();
        json.name("model").beginObject();
        json.name("type").value("BPE");
        json.name("ignore_merges").value(words.ignoreMerges);
        json.name("vocab").beginObject();
        eachToken(
                (token, id) -> {
                    if (types[id] != CONTROL && types[id] != USER_DEFINED && types[id] != UNUSED) {
                        json.name(token).value(id);
                    }
                });
        json.endObject();
        json.name("merges").beginArray();
        each(MERGES, (merge, _) -> json.value(merge));
        json.endArray();
        json.endObject();
        json.endObject();
        json.flush();
        return bytes.toByteArray();
    }

    private void preTokenizer() throws IOException {
        json.name("pre_tokenizer").beginObject();
        json.name("type").value("Sequence");
        json.name("pretokenizers").beginArray();
        json.beginObject();
        json.name("type").value("Split");
        json.name("pattern").beginObject().name("Regex").value(words.regex).endObject();
        json.name("behavior").value("Isolated");
        json.name("invert").value(false);
        json.endObject();
        byteLevel();
        json.endArray();
        json.endObject();
    }

    private void byteLevel() throws IOException {
        json.beginObject();
        json.name("type").value("ByteLevel");
        for (String flag : new String[] {"add_prefix_space", "trim_offsets", "use_regex"}) {
            json.name(flag).value(false);
        }
        json.endObject();
    }

    static void addedToken(JsonWriter json, String token, int id, boolean special)
            throws IOException {
        json.beginObject();
        json.name("id").value(id);
        json.name("content").value(token);
        for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
            json.name(flag).value(false);
        }
        json.name("special").value(special);
        json.endObject();
    }

    private void eachToken(Writer writer) {
        each(TOKENS, writer);
    }

    private void each(String key, Writer writer) {
        metadata.strings(
                key,
                (text, index) -> {
                    try {
                        writer.write(text, index);
                    } catch (IOException e) {
                        throw new UncheckedIOException("writing to memory failed", e);
                    }
                });
    }

    /** Writes one string of a list. */
    @FunctionalInterface
    private interface Writer {
        void write(String text, int index) throws IOException;
    }
}
