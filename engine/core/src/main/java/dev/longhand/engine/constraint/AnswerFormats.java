package dev.longhand.engine.constraint;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.engine.work.Workers;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Compiles answer formats for one vocabulary, and keeps those used last. Compiling takes place on
 * threads of its own, one per processor. Thread-safe.
 */
public final class AnswerFormats {
    private static final int KEPT_MAX = 8;

    private static final Workers WORKERS =
            new Workers("longhand-format", Runtime.getRuntime().availableProcessors());

    private final TokenTable table;
    private final ToolCallForm form;
    private final int sampledTokens;
    private final Map<Key, FormatTokens> kept = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable VocabularyTokens vocabulary;

    private record Key(AnswerFormat format, @Nullable String thoughtBegin, boolean withEndTokens) {}

    /**
     * Creates a compiler.
     *
     * @param table bytes of every token
     * @param form how the model writes calls of functions
     * @param sampledTokens number of tokens that may be sampled
     */
    public AnswerFormats(TokenTable table, ToolCallForm form, int sampledTokens) {
        this.table = table;
        this.form = form;
        this.sampledTokens = sampledTokens;
    }

    /**
     * Compiles a format, or returns it if it was compiled lately.
     *
     * @param thoughtBegin text that may begin a thought before the answer; null if none comes
     * @param endTokens tokens that end an answer; empty if they are ignored
     * @throws AnswerFormatException if the format cannot be enforced
     */
    public FormatTokens compile(
            AnswerFormat format, @Nullable String thoughtBegin, int[] endTokens) {
        int[] ends = Arrays.stream(endTokens).filter(each -> each < sampledTokens).toArray();
        Key key = new Key(format, thoughtBegin, ends.length > 0);
        synchronized (kept) {
            FormatTokens known = kept.get(key);
            if (known != null) {
                return known;
            }
        }
        Supplier<FormatTokens> compile =
                () -> {
                    CompiledFormat compiled = FormatCompiler.compile(format, form, thoughtBegin);
                    FormatTokens tokens = new FormatTokens(compiled, vocabulary(), ends);
                    tokens.tokens(tokens.first());
                    return tokens;
                };
        FormatTokens tokens = WORKERS.call(compile);
        synchronized (kept) {
            kept.put(key, tokens);
            if (kept.size() > KEPT_MAX) {
                kept.remove(kept.keySet().iterator().next());
            }
        }
        return tokens;
    }

    private synchronized VocabularyTokens vocabulary() {
        if (vocabulary == null) {
            vocabulary = new VocabularyTokens(new TokenTrie(table, sampledTokens));
        }
        return vocabulary;
    }
}
