package dev.longhand.engine.gguf;

import com.google.gson.stream.JsonWriter;

import dev.longhand.engine.file.ErrorText;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Translates a vocabulary of SentencePiece to a {@code tokenizer.json} of BPE that falls back to
 * bytes. A file has scores in place of merges; every cut of a token into two tokens is a merge, as
 * in {@code generate_merges} of transformers. The rest is that of its converters of Llama (with
 * {@code legacy}, as llama.cpp encodes) and Gemma.
 */
final class SentencePieceJson {
    static final String SCORES = "tokenizer.ggml.scores";
    private static final String PREFIX = "tokenizer.ggml.add_space_prefix";
    private static final String UNKNOWN = "tokenizer.ggml.unknown_token_id";
    private static final char SPACE = '\u2581';

    /** Longest token with merges; those of real files have some dozens of characters. */
    private static final int PIECE_CHARS_MAX = 256;

    private final GgufMetadata metadata;
    private final boolean gemma;
    private final int[] types;
    private final String[] tokens;
    private final Map<String, Integer> ids = new HashMap<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);
    private final JsonWriter json =
            new JsonWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8));

    /**
     * A merge of two tokens.
     *
     * @param id of the token that they make
     * @param left length of the left one, in characters
     */
    private record Merge(double score, int id, int left) {}

    private SentencePieceJson(GgufMetadata metadata) {
        this.metadata = metadata;
        gemma = metadata.string("general.architecture").orElse("").startsWith("gemma");
        types = VocabularyJson.types(metadata);
        tokens = new String[types.length];
        metadata.strings(VocabularyJson.TOKENS, this::take);
    }

    /** Returns the tokenizer.json. */
    static byte[] of(GgufMetadata metadata) throws IOException {
        if (!metadata.has(VocabularyJson.TYPES)) {
            throw metadata.refuse(VocabularyJson.TYPES, "is missing");
        }
        return new SentencePieceJson(metadata).write();
    }

    private void take(String text, int id) {
        tokens[id] = spelled(text);
        if (!present(id)) {
            return;
        }
        Integer first = ids.putIfAbsent(tokens[id], id);
        if (first != null) {
            throw metadata.refuse(
                    VocabularyJson.TOKENS,
                    "has %s twice, at %d and %d".formatted(ErrorText.quote(tokens[id]), first, id));
        }
        if (merged(id) && text.length() > PIECE_CHARS_MAX) {
            throw metadata.refuse(
                    VocabularyJson.TOKENS,
                    "has at %d one of more than %d characters".formatted(id, PIECE_CHARS_MAX));
        }
    }

    /** Files of Gemma have tokens of spaces as such; its tokenizer never sees a space. */
    private String spelled(String text) {
        return gemma && text.chars().allMatch(c -> c == ' ')
                ? String.valueOf(SPACE).repeat(text.length())
                : text;
    }

    private boolean present(int id) {
        return types[id] != VocabularyJson.UNUSED && !tokens[id].isEmpty();
    }

    /** Whether a token is made of others: control tokens and bytes never are. */
    private boolean merged(int id) {
        return types[id] == VocabularyJson.NORMAL || types[id] == VocabularyJson.USER_DEFINED;
    }

    private byte[] write() throws IOException {
        boolean prefix = metadata.bool(PREFIX).orElse(!gemma);
        json.beginObject();
        json.name("version").value("1.0");
        addedTokens();
        json.name("normalizer").beginObject().name("type").value("Sequence");
        json.name("normalizers").beginArray();
        if (prefix) {
            json.beginObject().name("type").value("Prepend");
            json.name("prepend").value(String.valueOf(SPACE)).endObject();
        }
        replacement(" ", String.valueOf(SPACE));
        json.endArray().endObject();
        decoder(prefix);
        json.name("model").beginObject();
        json.name("type").value("BPE");
        unknown();
        json.name("byte_fallback").value(true);
        json.name("fuse_unk").value(true);
        json.name("vocab").beginObject();
        for (int id = 0; id < tokens.length; id++) {
            if (present(id)) {
                json.name(tokens[id]).value(id);
            }
        }
        json.endObject();
        merges();
        json.endObject();
        json.endObject();
        json.flush();
        return bytes.toByteArray();
    }

    private void addedTokens() throws IOException {
        json.name("added_tokens").beginArray();
        for (int id = 0; id < tokens.length; id++) {
            boolean special =
                    types[id] == VocabularyJson.CONTROL || types[id] == VocabularyJson.UNKNOWN;
            boolean whole = types[id] == VocabularyJson.USER_DEFINED && !(gemma && isSpaces(id));
            if (present(id) && (special || whole)) {
                VocabularyJson.addedToken(json, tokens[id], id, special);
            }
        }
        json.endArray();
    }

    /** Whether a token is made of spaces only, which are merged like other text. */
    private boolean isSpaces(int id) {
        return tokens[id].chars().allMatch(c -> c == SPACE);
    }

    private void replacement(String pattern, String content) throws IOException {
        json.beginObject().name("type").value("Replace");
        json.name("pattern").beginObject().name("String").value(pattern).endObject();
        json.name("content").value(content).endObject();
    }

    private void decoder(boolean prefix) throws IOException {
        json.name("decoder").beginObject().name("type").value("Sequence");
        json.name("decoders").beginArray();
        replacement(String.valueOf(SPACE), " ");
        json.beginObject().name("type").value("ByteFallback").endObject();
        json.beginObject().name("type").value("Fuse").endObject();
        if (prefix) {
            json.beginObject().name("type").value("Strip").name("content").value(" ");
            json.name("start").value(1).name("stop").value(0).endObject();
        }
        json.endArray().endObject();
    }

    private void unknown() throws IOException {
        int id = metadata.integer(UNKNOWN, 0, Integer.MAX_VALUE).orElse(0);
        if (id >= tokens.length) {
            throw metadata.refuse(UNKNOWN, "is %d of %d tokens".formatted(id, tokens.length));
        }
        if (present(id)) {
            json.name("unk_token").value(tokens[id]);
        }
    }

    private void merges() throws IOException {
        json.name("merges").beginArray();
        for (Merge merge : ranked()) {
            String whole = tokens[merge.id];
            json.beginArray().value(whole.substring(0, merge.left));
            json.value(whole.substring(merge.left)).endArray();
        }
        json.endArray();
    }

    /** Returns all merges, first those that come first. */
    private List<Merge> ranked() {
        boolean scored = !gemma; // the scores of Gemma's file are not in the order of its merges
        if (scored && metadata.length(SCORES, tokens.length) != tokens.length) {
            throw metadata.refuse(SCORES, "must be as long as " + VocabularyJson.TOKENS);
        }
        List<Merge> merges = new ArrayList<>();
        for (int id = 0; id < tokens.length; id++) {
            if (present(id) && merged(id)) {
                addMerges(merges, id, scored ? metadata.decimal(SCORES, id) : -id);
            }
        }
        merges.sort(
                Comparator.comparingDouble(Merge::score)
                        .thenComparingInt(merge -> characters(merge, 0, merge.left))
                        .thenComparingInt(
                                merge -> characters(merge, merge.left, tokens[merge.id].length()))
                        .reversed());
        return merges;
    }

    private int characters(Merge merge, int from, int to) {
        return tokens[merge.id].codePointCount(from, to);
    }

    private void addMerges(List<Merge> merges, int id, double score) {
        String whole = tokens[id];
        for (int left = 1; left < whole.length(); left++) {
            if (isPart(whole.substring(0, left)) && isPart(whole.substring(left))) {
                merges.add(new Merge(score, id, left));
            }
        }
    }

    private boolean isPart(String text) {
        Integer id = ids.get(text);
        return id != null && merged(id);
    }
}
