package dev.longhand.engine.decode;

import dev.longhand.engine.tokenizer.StopMatcher;
import dev.longhand.engine.tokenizer.StreamingDetokenizer;
import dev.longhand.engine.tokenizer.TokenTable;

import java.util.List;

/**
 * The text of one generation as its reader sees it: whole characters only, and nothing that may
 * still turn out to be the beginning of a stop string.
 */
public final class TextStream {
    private final TokenTable table;
    private final StopMatcher stops;
    private final StreamingDetokenizer detokenizer = new StreamingDetokenizer();
    private boolean stopped;

    /** An empty text. */
    public TextStream(TokenTable table, List<String> stops) {
        this.table = table;
        this.stops = new StopMatcher(stops);
    }

    /** Takes a token in; returns the text that became certain. Special tokens have none. */
    public String append(int token) {
        if (stopped || table.isSpecial(token)) {
            return "";
        }
        for (int i = 0; i < table.length(token); i++) {
            byte next = table.byteAt(token, i);
            detokenizer.append(next);
            if (stops.accept(next)) {
                detokenizer.dropLast(stops.matchedLength());
                stopped = true;
                return detokenizer.take(0);
            }
        }
        return detokenizer.take(stops.pendingLength());
    }

    /** The rest, at the end of the generation; an incomplete character becomes U+FFFD. */
    public String finish() {
        return detokenizer.finish();
    }
}
