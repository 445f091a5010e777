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
 * The tokenizer of a checkpoint: Hugging Face's Rust library through DJL for encoding, and our own
 * byte table for the way back, which has to be incremental. Nothing is ever downloaded. Safe to use
 * from several threads, {@link #close} included.
 */
public final class Tokenizer implements AutoCloseable {
    static {
        // DJL would otherwise look for a CUDA flavour of its library, and call home.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("RUST_FLAVOR", "cpu");
    }

    private final HuggingFaceTokenizer encoder;
    private final ReadWriteLock life = new ReentrantReadWriteLock(); // closing waits for encoders
    private boolean closed;
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
        // Both read the file, 7 MB for Qwen2.5, for about half a second each.
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
            await(table); // its error says more
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
     * The ids of a text; nothing is added. Special tokens written in the text are read as such, as
     * transformers does: text from strangers belongs into a chat template's content only if that is
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

    /** Frees the library's memory; decoding goes on working. Idempotent. */
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
