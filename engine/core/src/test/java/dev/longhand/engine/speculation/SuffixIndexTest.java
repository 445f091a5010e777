package dev.longhand.engine.speculation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class SuffixIndexTest {
    private static SuffixIndex of(int... tokens) {
        SuffixIndex index = new SuffixIndex(tokens.length);
        for (int token : tokens) {
            index.append(token);
        }
        return index;
    }

    @Test
    void draftsWhatFollowedTheLongerMatch() {
        SuffixIndex index = of(7, 1, 2, 3, 4, 5, 9, 2, 3, 8, 1, 2, 3);
        assertEquals(3, index.matched());
        assertEquals(
                List.of(4, 5, 9),
                List.of(index.draftToken(0), index.draftToken(1), index.draftToken(2)));
    }

    @Test
    void fallsBackToTwoTokensAndKnowsNothingNew() {
        assertEquals(2, of(1, 2, 5, 9, 1, 2).matched());
        assertEquals(5, of(1, 2, 5, 9, 1, 2).draftToken(0));
        assertEquals(0, of(1, 2, 3, 4, 5).matched());
        assertEquals(0, of(1, 2, 3, 1).matched(), "one token is no match");
        assertEquals(0, of(1).matched());
    }

    @Test
    void followsAMatchThatGoesOn() {
        SuffixIndex index = of(1, 2, 3, 4, 5, 6, 1, 2, 3, 4);
        assertEquals(4, index.matched());
        assertEquals(5, index.draftToken(0));
    }

    @Test
    void aLoopGoesOnBeyondTheEnd() {
        SuffixIndex index = of(8, 1, 2, 1, 2);
        assertEquals(
                List.of(1, 2, 1, 2, 1),
                List.of(
                        index.draftToken(0),
                        index.draftToken(1),
                        index.draftToken(2),
                        index.draftToken(3),
                        index.draftToken(4)));
        assertEquals(6, of(6, 6, 6).draftToken(9));
    }

    /** Compares with the definition, on texts with few and with many different tokens. */
    @Test
    void everyMatchIsOne() {
        Random random = new Random(1);
        int repeating = 0;
        int found = 0;
        for (int alphabet : new int[] {2, 5, 30, 1000}) {
            List<Integer> tokens = new ArrayList<>();
            SuffixIndex index = new SuffixIndex(3000);
            for (int i = 0; i < 3000; i++) {
                int token = random.nextInt(alphabet);
                tokens.add(token);
                index.append(token);
                boolean repeats = false;
                boolean explained = false;
                for (int end = 1; end < i && !(repeats && explained); end++) {
                    int matched = matched(tokens, end);
                    repeats |= matched >= 2;
                    explained |=
                            index.matched() >= 2
                                    && matched >= index.matched()
                                    && tokens.get(end + 1) == index.draftToken(0);
                }
                assertEquals(index.matched() > 0, explained, "at " + i);
                found += explained ? 1 : 0;
                repeating += repeats ? 1 : 0;
            }
        }
        assertTrue(found > 0.95 * repeating && found <= repeating, found + " of " + repeating);
    }

    /**
     * Returns the length of the longest common suffix of the tokens up to {@code end} and of all
     * tokens.
     */
    private static int matched(List<Integer> tokens, int end) {
        int last = tokens.size() - 1;
        int length = 0;
        while (length <= end && tokens.get(end - length).equals(tokens.get(last - length))) {
            length++;
        }
        return length;
    }
}
