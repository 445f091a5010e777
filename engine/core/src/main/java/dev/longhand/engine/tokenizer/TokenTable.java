package dev.longhand.engine.tokenizer;

import dev.longhand.engine.error.InputException;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The bytes of every token, concatenated in one array. The 151,665 tokens of Qwen2.5 take about 1.6
 * MB.
 */
public final class TokenTable {
    private final byte[] bytes;
    private final int[] starts; // size() + 1 offsets in bytes
    private final BitSet special;
    private final boolean cuttable;
    private final boolean strips;
    private final boolean dropsSpace;

    private TokenTable(byte[] bytes, int[] starts, Builder builder) {
        this.bytes = bytes;
        this.starts = starts;
        special = builder.special;
        cuttable = builder.cuttable;
        strips = builder.strips;
        dropsSpace = builder.spelling.dropsSpace();
    }

    /**
     * Reads the vocabulary of a {@code tokenizer.json}.
     *
     * @throws InputException if it cannot be read or is of another kind than those that are read
     */
    public static TokenTable read(Path file) {
        Builder builder = new Builder(file);
        TokenizerJson.read(file, builder);
        return builder.build();
    }

    /**
     * Reads the vocabulary of the text of a {@code tokenizer.json}.
     *
     * @param source name of the text in error messages
     */
    static TokenTable read(Path source, byte[] json) {
        Builder builder = new Builder(source);
        TokenizerJson.read(source, new ByteArrayInputStream(json), builder);
        return builder.build();
    }

    /** Returns the number of ids, those without a token included. */
    public int size() {
        return starts.length - 1;
    }

    /** Returns the length of a token in bytes, or 0 for an id without a token. */
    public int length(int token) {
        return token < size() ? starts[token + 1] - starts[token] : 0;
    }

    /** Returns byte {@code index} of a token. */
    public byte byteAt(int token, int index) {
        return bytes[starts[token] + index];
    }

    /** Returns whether a token is a control token, which has no text. */
    public boolean isSpecial(int token) {
        return special.get(token);
    }

    /** Whether the rules of the file are those that {@link TextPieces} knows. */
    boolean cuttable() {
        return cuttable;
    }

    /** Whether a token takes the white space around it, however long. */
    boolean strips() {
        return strips;
    }

    /** Whether a text from its beginning loses the space before its first token. */
    boolean dropsSpace() {
        return dropsSpace;
    }

    /** A builder that takes tokens in any order of ids. */
    static final class Builder {
        private static final int TOKENS_MAX = 1 << 22;

        private final Path file;
        private byte[] bytes = new byte[1 << 16];
        private int used;
        private int[] begin = new int[1 << 10];
        private int[] end = new int[1 << 10];
        private int size;
        private final BitSet special = new BitSet();
        private final BitSet plain = new BitSet();
        private TokenSpelling spelling = TokenSpelling.BYTE_LEVEL;
        private boolean cuttable;
        private boolean strips;

        private Builder(Path file) {
            this.file = file;
        }

        /** Adds a token of the vocabulary, in the spelling of the vocabulary. */
        void addSpelled(String spelling, long id) {
            plain.clear(add(spelling, id));
        }

        /** Adds one of the tokenizer's added tokens, spelled in plain text. */
        void addPlain(String text, long id, boolean isSpecial) {
            int at = add(text, id);
            plain.set(at);
            special.set(at, isSpecial);
        }

        private int add(String text, long id) {
            int at = slot(id);
            for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
                put(value);
            }
            end[at] = used;
            return at;
        }

        /** Sets the spelling of the vocabulary. */
        void setSpelling(TokenSpelling value) {
            spelling = value;
        }

        /** Sets whether {@link TextPieces} may cut texts. */
        void setCuttable(boolean value) {
            cuttable = value;
        }

        /** Sets whether a token takes the white space around it, however long. */
        void setStrips(boolean value) {
            strips = value;
        }

        private int slot(long id) {
            if (id < 0 || id >= TOKENS_MAX) {
                throw new InputException(file + ": token id " + id + " is out of range");
            }
            int at = (int) id;
            if (at >= begin.length) {
                int capacity = Math.max(at + 1, 2 * begin.length);
                begin = Arrays.copyOf(begin, capacity);
                end = Arrays.copyOf(end, capacity);
            }
            size = Math.max(size, at + 1);
            begin[at] = used;
            return at;
        }

        private void put(byte value) {
            if (used == bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * used);
            }
            bytes[used++] = value;
        }

        private TokenTable build() {
            if (size == 0) {
                throw new InputException(file + ": the vocabulary is empty");
            }
            byte[] sorted = new byte[used]; // no spelling is shorter than what it means
            int[] starts = new int[size + 1];
            int at = 0;
            for (int id = 0; id < size; id++) {
                starts[id] = at;
                byte[] token = token(id);
                System.arraycopy(token, 0, sorted, at, token.length);
                at += token.length;
            }
            starts[size] = at;
            return new TokenTable(Arrays.copyOf(sorted, at), starts, this);
        }

        private byte[] token(int id) {
            byte[] stored = Arrays.copyOfRange(bytes, begin[id], end[id]);
            if (plain.get(id) && spelling == TokenSpelling.BYTE_LEVEL) {
                return stored;
            }
            return spelling.bytes(new String(stored, StandardCharsets.UTF_8))
                    .orElseThrow(
                            () ->
                                    new InputException(
                                            file
                                                    + ": token "
                                                    + id
                                                    + " is not spelled in byte-level BPE"));
        }
    }
}
