package dev.longhand.engine.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The tokenizer of a checkpoint. Hugging Face's Rust library encodes, through DJL; our own byte
 * table decodes, because decoding must be incremental. Nothing is ever downloaded. Thread-safe,
 * {@link #close} included.
 */
public final class Tokenizer implements AutoCloseable {
    static {
        // Otherwise DJL looks for a CUDA build of its library and sends usage statistics.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("RUST_FLAVOR", "cpu");
    }

    private final HuggingFaceTokenizer encoder;
    private final ReadWriteLock life = new ReentrantReadWriteLock(); // close() waits for encode()
    private boolean closed;
    private final TokenTable table;

    private Tokenizer(HuggingFaceTokenizer encoder, TokenTable table) {
        this.encoder = encoder;
        this.table = table;
    }

    /**
     * Opens a folder's {@code tokenizer.json}; returns empty if there is none.
     *
     * @throws InputException if the file cannot be used
     */
    public static Optional<Tokenizer> open(Path folder) {
        Path file = folder.resolve("tokenizer.json");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        // In parallel, since each reads the file (7 MB for Qwen2.5) for about half a second.
        var table = CompletableFuture.supplyAsync(() -> TokenTable.read(file));
        HuggingFaceTokenizer encoder;
        try {
            encoder =
                    HuggingFaceTokenizer.builder()
                            .optTokenizerPath(file)
                            .optAddSpecialTokens(false)
                            .optTruncation(false)
                            .optPadding(false)
                            .build();
        } catch (IOException | RuntimeException e) {
            await(table); // its error, if any, is more precise
            throw new InputException(
                    "%s: not a tokenizer: %s"
                            .formatted(file, ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
        try {
            return Optional.of(new Tokenizer(encoder, await(table)));
        } catch (RuntimeException e) {
            encoder.close();
            throw e;
        }
    }

    private static TokenTable await(CompletableFuture<TokenTable> table) {
        try {
            return table.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /**
     * Encodes a text without adding special tokens. Special tokens spelled out in the text are
     * recognised, as in transformers, so put untrusted text into a chat template only if that is
     * acceptable.
     *
     * @throws IllegalStateException if the tokenizer is closed
     */
    public int[] encode(String text) {
        long[] ids;
        life.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the tokenizer is closed");
            }
            ids = encoder.encode(text, false, false).getIds();
        } finally {
            life.readLock().unlock();
        }
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = Math.toIntExact(ids[i]);
        }
        return narrow;
    }

    /** Returns the bytes of every token. */
    public TokenTable table() {
        return table;
    }

    /**
     * Returns the exclusive upper bound of token ids. Rows of the model's vocabulary from there on
     * are padding.
     */
    public int vocabularySize() {
        return table.size();
    }

    /** Decodes ids to text. Special tokens are left out; malformed UTF-8 becomes U+FFFD. */
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

    /** Frees the library's memory; decoding still works. Idempotent. */
    @Override
    public void close() {
        life.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                encoder.close();
            }
        } finally {
            life.writeLock().unlock();
        }
    }
}
