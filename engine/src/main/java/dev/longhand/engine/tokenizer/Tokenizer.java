package dev.longhand.engine.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Quoted;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The tokenizer of a checkpoint: Hugging Face's Rust library through DJL for encoding, and our own
 * byte table for the way back, which has to be incremental. Nothing is ever downloaded. Safe to use
 * from several threads.
 */
public final class Tokenizer {
    static {
        // DJL would otherwise look for a CUDA flavour of its library, and call home.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("RUST_FLAVOR", "cpu");
    }

    private final HuggingFaceTokenizer encoder;
    private final TokenTable table;

    private Tokenizer(HuggingFaceTokenizer encoder, TokenTable table) {
        this.encoder = encoder;
        this.table = table;
    }

    /**
     * Opens a folder's {@code tokenizer.json}; empty if it has none.
     *
     * @throws InputException if the file cannot be used
     */
    public static Optional<Tokenizer> open(Path folder) {
        Path file = folder.resolve("tokenizer.json");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        TokenTable table = TokenTable.read(file);
        try {
            HuggingFaceTokenizer encoder =
                    HuggingFaceTokenizer.builder()
                            .optTokenizerPath(file)
                            .optAddSpecialTokens(false)
                            .optTruncation(false)
                            .optPadding(false)
                            .build();
            return Optional.of(new Tokenizer(encoder, table));
        } catch (IOException | RuntimeException e) {
            throw new InputException(
                    "%s: not a tokenizer: %s"
                            .formatted(file, Quoted.line(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    /**
     * The ids of a text; nothing is added. Special tokens written in the text are read as such, as
     * transformers does: text from strangers belongs into a chat template's content only if that is
     * acceptable.
     */
    public int[] encode(String text) {
        long[] ids = encoder.encode(text, false, false).getIds();
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = Math.toIntExact(ids[i]);
        }
        return narrow;
    }

    /** The bytes of every token. */
    public TokenTable table() {
        return table;
    }

    /**
     * Ids from 0 to this number less 1 may be tokens; rows of the vocabulary beyond are padding.
     */
    public int vocabularySize() {
        return table.size();
    }

    /** The text of ids; special tokens are left out, broken UTF-8 becomes U+FFFD. */
    public String decode(int[] ids) {
        StreamingDetokenizer detokenizer = new StreamingDetokenizer();
        for (int id : ids) {
            if (!table.isSpecial(id)) {
                for (int i = 0; i < table.length(id); i++) {
                    detokenizer.append(table.byteAt(id, i));
                }
            }
        }
        return detokenizer.finish();
    }
}
