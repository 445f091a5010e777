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
    private int characters; // handed out
    private int answerStart;

    /** An empty text. */
    public TextStream(TokenTable table, List<String> stops) {
        this.table = table;
        this.stops = new StopMatcher(stops);
    }

    /**
     * Takes a token in; returns the text that became certain. Special tokens have none.
     *
     * @param thoughtBytes how many of its bytes end the thought, if they do; else {@link
     *     TokenLog#NO_END}
     */
    public String append(int token, int thoughtBytes) {
        if (stopped || table.isSpecial(token)) {
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
            if (stops.accept(next)) {
                detokenizer.dropLast(stops.matchedLength());
                stopped = true;
                return counted(detokenizer.take(0));
            }
        }
        return counted(detokenizer.take(stops.pendingLength()));
    }

    /** The rest, at the end of the generation; an incomplete character becomes U+FFFD. */
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

    /** The characters of the text so far. */
    public int length() {
        return characters;
    }

    /** The character at which the answer begins; a stop string that overlaps it cuts it off. */
    public int answerStart() {
        return Math.min(answerStart, characters);
    }
}
