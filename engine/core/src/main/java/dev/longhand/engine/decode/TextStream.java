package dev.longhand.engine.decode;

import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.engine.tokenizer.StopMatcher;
import dev.longhand.engine.tokenizer.StreamingDetokenizer;
import dev.longhand.engine.tokenizer.TokenTable;

import org.jspecify.annotations.Nullable;

/**
 * The text of one generation, streamed to its reader: whole characters only, and no text that may
 * still become part of a stop string.
 */
public final class TextStream {
    private final TokenTable table;
    private final StopRules rules;
    private final StopMatcher stops;
    private final @Nullable ThoughtTracker exempt;
    private final StopScope scope;
    private final StreamingDetokenizer detokenizer = new StreamingDetokenizer();
    private int count; // tokens
    private boolean stopped;
    private int characters; // returned so far
    private int answerStart; // in characters

    /**
     * Creates an empty text that ends at the first stop.
     *
     * @param exempt a new tracker of the thought, used by this text only, if stop strings do not
     *     end the thought; else null
     */
    public TextStream(TokenTable table, StopRules rules, @Nullable ThoughtTracker exempt) {
        this.table = table;
        this.rules = rules;
        stops = new StopMatcher(rules.strings());
        this.exempt = exempt;
        scope = new StopScope(exempt);
    }

    /**
     * Adds a token and returns the text that is final with it.
     *
     * @param thoughtBytes number of bytes of the token that belong to the thought, if the thought
     *     ends with it; otherwise {@link TokenLog#NO_END}
     */
    public String append(int token, int thoughtBytes) {
        count++;
        if (exempt != null) {
            exempt.accept(token);
        }
        int first = scope.firstByte(table.length(token), stops);
        if (stopped || !hasText(token)) {
            if (thoughtBytes != TokenLog.NO_END) {
                beginAnswer();
            }
            return "";
        }
        if (thoughtBytes == 0) {
            beginAnswer();
        }
        for (int i = 0; i < table.length(token); i++) {
            byte next = table.byteAt(token, i);
            detokenizer.append(next);
            if (i + 1 == thoughtBytes) {
                beginAnswer();
            }
            if (i >= first && stops.accept(next) && count > rules.tokensLeast()) {
                detokenizer.dropLast(rules.included() ? 0 : stops.matchedLength());
                stopped = true;
                return counted(detokenizer.take(0));
            }
        }
        return counted(detokenizer.take(stops.pendingLength()));
    }

    private boolean hasText(int token) {
        return (rules.included() || !rules.tokens().contains(token))
                && (!table.isSpecial(token) || rules.shows(token));
    }

    /** Returns the rest at the end of the generation; an incomplete character becomes U+FFFD. */
    public String finish() {
        return counted(detokenizer.finish());
    }

    private String counted(String text) {
        characters += text.length();
        return text;
    }

    private void beginAnswer() {
        answerStart = characters + detokenizer.pendingCharacters();
    }

    /** Returns the number of characters returned so far. */
    public int length() {
        return characters;
    }

    /** Returns the index of the first character of the answer, at most {@link #length}. */
    public int answerStart() {
        return Math.min(answerStart, characters);
    }
}
