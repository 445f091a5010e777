package dev.longhand.engine.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.gguf.GgufModel;
import dev.longhand.engine.work.Workers;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * The tokenizer of a checkpoint. Hugging Face's Rust library encodes, through DJL; our own byte
 * table decodes, because decoding must be incremental. Nothing is ever downloaded. Thread-safe,
 * {@link #close} included.
 *
 * <p>Encoding runs on platform threads that all tokenizers share, one per processor, so that
 * virtual threads that wait for it leave their carriers free. A long text is encoded in pieces with
 * the ids of the whole, and texts of several callers take turns.
 */
public final class Tokenizer implements AutoCloseable {
    private static final Workers WORKERS =
            new Workers("longhand-encode", Runtime.getRuntime().availableProcessors());

    private final HuggingFaceTokenizer encoder;
    private final ReadWriteLock life = new ReentrantReadWriteLock(); // close() waits for encode()
    private boolean closed;
    private final TokenTable table;
    private final TokenCountBound bound;

    private Tokenizer(HuggingFaceTokenizer encoder, TokenTable table) {
        this.encoder = encoder;
        this.table = table;
        bound = new TokenCountBound(table);
    }

    /**
     * Opens the tokenizer of a model: a folder's {@code tokenizer.json}, or that in a GGUF file;
     * returns empty if there is none.
     *
     * @throws InputException if the file cannot be used
     */
    public static Optional<Tokenizer> open(Path folder) {
        Optional<Path> gguf = GgufModel.file(folder);
        if (gguf.isPresent()) {
            return GgufModel.tokenizer(gguf.get())
                    .map(
                            json ->
                                    open(
                                            gguf.get(),
                                            () -> TokenTable.read(gguf.get(), json),
                                            () -> encoder(json)));
        }
        Path file = folder.resolve("tokenizer.json");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        return Optional.of(open(file, () -> TokenTable.read(file), () -> encoder(file)));
    }

    /** Opens Hugging Face's tokenizer. */
    @FunctionalInterface
    private interface EncoderOpening {
        HuggingFaceTokenizer open() throws IOException;
    }

    private static HuggingFaceTokenizer encoder(Path file) throws IOException {
        return HuggingFaceTokenizer.builder()
                .optTokenizerPath(file)
                .optAddSpecialTokens(false)
                .optTruncation(false)
                .optPadding(false)
                .build();
    }

    private static HuggingFaceTokenizer encoder(byte[] json) throws IOException {
        String no = "false";
        return HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(json),
                Map.of("addSpecialTokens", no, "truncation", no, "padding", no));
    }

    private static Tokenizer open(Path file, Supplier<TokenTable> reading, EncoderOpening opening) {
        TokenizerLibrary.load();
        // In parallel, since each reads the file (7 MB for Qwen2.5) for about half a second.
        var table = CompletableFuture.supplyAsync(reading);
        HuggingFaceTokenizer encoder;
        try {
            encoder = opening.open();
        } catch (IOException | RuntimeException e) {
            await(table); // its error, if any, is more precise
            throw new InputException(
                    "%s: not a tokenizer: %s"
                            .formatted(file, ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
        try {
            return new Tokenizer(encoder, await(table));
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
     * @throws java.util.concurrent.CancellationException if this thread is interrupted; its
     *     interrupt status stays set
     */
    public int[] encode(String text) {
        return encode(text, Integer.MAX_VALUE);
    }

    /**
     * Encodes a text as {@link #encode(String)} does, but may stop when there are more than {@code
     * tokensMax} ids: more ids than that are the beginning of the text only.
     */
    public int[] encode(String text, int tokensMax) {
        int[] ids = {};
        int count = 0;
        int from = 0;
        do {
            int end = table.cuttable() ? TextPieces.end(text, from) : text.length();
            String piece = text.substring(from, end);
            int[] more = WORKERS.call(() -> encodePiece(piece));
            if (count + more.length > ids.length) {
                ids = Arrays.copyOf(ids, Math.max(count + more.length, 2 * ids.length));
            }
            System.arraycopy(more, 0, ids, count, more.length);
            count += more.length;
            from = end;
        } while (from < text.length() && count <= tokensMax);
        return Arrays.copyOf(ids, count);
    }

    /**
     * Encodes a piece on this thread. Fetches ids only: DJL's own {@code encode} makes a string and
     * a span of every token, and the library's Rust code ends the process where the heap has no
     * room for what it returns.
     */
    int[] encodePiece(String piece) {
        return encodePiece(piece, false);
    }

    private int[] encodePiece(String piece, boolean postProcessed) {
        life.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the tokenizer is closed");
            }
            long encoding = TokenizersLibrary.LIB.encode(encoder.getHandle(), piece, postProcessed);
            try {
                makeRoom(piece.length());
                return narrow(TokenizersLibrary.LIB.getTokenIds(encoding));
            } finally {
                TokenizersLibrary.LIB.deleteEncoding(encoding);
            }
        } finally {
            life.readLock().unlock();
        }
    }

    private static int[] narrow(long[] ids) {
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = Math.toIntExact(ids[i]);
        }
        return narrow;
    }

    /**
     * Returns the ids that the file's post-processor puts before a text, such as BOS; mostly none.
     */
    public int[] prefix() {
        int[] plain = WORKERS.call(() -> encodePiece("a", false));
        int[] whole = WORKERS.call(() -> encodePiece("a", true));
        for (int begin = 0; begin + plain.length <= whole.length; begin++) {
            if (Arrays.equals(whole, begin, begin + plain.length, plain, 0, plain.length)) {
                return Arrays.copyOf(whole, begin);
            }
        }
        return new int[0];
    }

    /** Throws an {@link OutOfMemoryError} here, where it harms nobody, if the heap is full. */
    @SuppressWarnings("ReachabilityFenceUsage") // keeps the compiler from leaving the array out
    private static void makeRoom(int ids) {
        Reference.reachabilityFence(new long[ids]);
    }

    /**
     * Returns a lower bound of the number of tokens of a text, which takes no encoding; 0 if there
     * is none for this tokenizer.
     *
     * @param enough counting ends when the bound reaches this
     */
    public double tokensAtLeast(String text, double enough) {
        return bound.of(text, enough);
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

    /**
     * Decodes ids to text. Special tokens are left out; malformed UTF-8 becomes U+FFFD. Where texts
     * are encoded with a space before them, the text loses that space.
     */
    public String decode(int[] ids) {
        StreamingDetokenizer detokenizer = new StreamingDetokenizer();
        for (int id : ids) {
            if (!table.isSpecial(id)) {
                for (int i = 0; i < table.length(id); i++) {
                    detokenizer.append(table.byteAt(id, i));
                }
            }
        }
        String text = detokenizer.finish();
        return table.dropsSpace() && text.startsWith(" ") ? text.substring(1) : text;
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
