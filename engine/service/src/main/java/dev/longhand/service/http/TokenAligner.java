package dev.longhand.service.http;

import dev.longhand.engine.tokenizer.StreamingDetokenizer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Aligns tokens with the text of their choice. A token may be part of a character, and the text may
 * come later than its tokens or end before them; so tokens wait until the text covers them. The
 * bytes of all tokens add up to the text, thoughts included.
 */
final class TokenAligner {
    private final StreamingDetokenizer text = new StreamingDetokenizer();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private int characters; // of all tokens so far
    private int codePoints;

    /**
     * A token that waits.
     *
     * @param characters the index of the character that each byte belongs to
     * @param end the number of characters up to its last byte
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Waiting(ScoredToken token, int[] characters, int end) {}

    /**
     * Adds a token.
     *
     * @param token has all its bytes; none if they are not part of the text, as for control tokens
     */
    void add(ScoredToken token) {
        int offset = codePoints;
        int[] places = new int[token.bytes().length];
        for (int i = 0; i < places.length; i++) {
            text.append(token.bytes()[i]);
            String complete = text.take(0);
            characters += complete.length();
            codePoints += complete.codePointCount(0, complete.length());
            boolean ends = text.pendingCharacters() == 0; // the byte ends a character
            places[i] =
                    characters
                            - (ends
                                    ? Character.charCount(
                                            complete.codePointBefore(complete.length()))
                                    : 0);
            offset = i == 0 ? codePoints - (ends ? 1 : 0) : offset;
        }
        int end = places.length == 0 ? characters : places[places.length - 1] + 1;
        waiting.add(new Waiting(token.at(offset), places, end));
    }

    /** Removes and returns the tokens that a text of {@code length} characters covers. */
    List<ScoredToken> take(int length) {
        List<ScoredToken> ready = new ArrayList<>();
        while (!waiting.isEmpty() && waiting.getFirst().end() <= length) {
            ready.add(waiting.removeFirst().token());
        }
        return ready;
    }

    /**
     * Removes and returns the rest, cut at the end of the text.
     *
     * @param length characters of the text
     * @param codePointsMax the same in code points, which no offset exceeds
     */
    List<ScoredToken> finish(int length, int codePointsMax) {
        List<ScoredToken> ready = new ArrayList<>();
        for (Waiting each : waiting) {
            int kept = 0;
            while (kept < each.characters().length && each.characters()[kept] < length) {
                kept++;
            }
            ScoredToken token = each.token();
            ready.add(
                    token.at(Math.min(token.offset(), codePointsMax))
                            .with(Arrays.copyOf(token.bytes(), kept)));
        }
        waiting.clear();
        return ready;
    }
}
