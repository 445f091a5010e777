package dev.longhand.engine.thought;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.tokenizer.TokenTable;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Random;
import java.util.function.IntUnaryOperator;

/** Looping streams end at exactly the token that the rule specifies; other streams do not end. */
class LoopDetectorTest {
    private static final TokenTable TABLE =
            TokenTable.read(Goldens.DEMO.resolve("checkpoint/tokenizer.json"));

    /** Returns the index of the token at which a loop is detected, or -1 if none is. */
    private static int end(LoopRule rule, int length, IntUnaryOperator stream) {
        LoopDetector detector = new LoopDetector(rule, TABLE);
        for (int i = 0; i < length; i++) {
            if (detector.accept(stream.applyAsInt(i))) {
                return i;
            }
        }
        return -1;
    }

    private static int token(char character) {
        for (int id = 0; id < TABLE.size(); id++) {
            if (TABLE.length(id) == 1 && TABLE.byteAt(id, 0) == character && !TABLE.isSpecial(id)) {
                return id;
            }
        }
        throw new AssertionError("no token " + character);
    }

    private static final int LINE_FEED = token('\n');

    /** Returns a token other than a line feed, so that only periods count. */
    private static int word(int number) {
        int id = Math.floorMod(number, 90) + 34;
        return id == LINE_FEED ? 33 : id;
    }

    private static int[] noise(int length, long seed) {
        Random random = new Random(seed);
        int[] tokens = new int[length];
        for (int i = 0; i < length; i++) {
            tokens[i] = word(random.nextInt(90));
        }
        return tokens;
    }

    /** Noise, then a repeated period of distinct noise, ends after max(512, 4p) tokens. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 64, 127, 128, 129, 500, 1023, 1024})
    void aLoopEndsWithTheTokenThatFulfilsTheRule(int period) {
        int before = 3000;
        int[] prefix = noise(before, 1);
        int[] cycle = noise(period, 2);
        prefix[before - 1] = cycle[period - 1] + 1; // so that the loop does not begin earlier
        int found =
                end(
                        LoopRule.DEFAULT,
                        20_000,
                        i -> i < before ? prefix[i] : cycle[(i - before) % period]);
        assertEquals(before + Math.max(512, 4 * period) - 1, found);
    }

    @Test
    void aLongerPeriodIsNone() {
        int[] cycle = noise(1025, 2);
        assertEquals(-1, end(LoopRule.DEFAULT, 20_000, i -> cycle[i % cycle.length]));
    }

    @Test
    void aLoopThatBreaksOffCountsFromTheBreak() {
        int[] cycle = noise(100, 2);
        int broken = 450;
        assertEquals(
                broken + 512, end(LoopRule.DEFAULT, 20_000, i -> i == broken ? 0 : cycle[i % 100]));
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 1", "3, 2, 1", "3, 5, 1", "3, 2, 40", "7, 3, 50"})
    void rulesOfOnesOwn(int period, int repetitions, int tokens) {
        LoopRule rule = new LoopRule(16, repetitions, tokens, 0, 1, 1);
        int expected = Math.max(tokens, repetitions * period) - 1;
        assertEquals(expected, end(rule, 1000, i -> 50 + i % period));
    }

    /** A table such as "17 x 3 = 51", where only the numbers differ. */
    @Test
    void aTableOfNumbersIsNoLoop() {
        StringBuilder table = new StringBuilder();
        for (int row = 1; row < 200; row++) {
            for (int column = 1; column < 8; column++) {
                table.append(row).append(" x ").append(column).append(" = ");
                table.append(row * column).append(column == 7 ? "\n" : ", ");
            }
        }
        assertEquals(
                -1,
                end(LoopRule.DEFAULT, table.length(), i -> token(table.charAt(i))),
                "a multiplication table");
    }

    @Test
    void aMatrixOfZerosIsNoLoop() {
        String row = "0 0 0 0 0 0 0 0 0 0\n";
        String text = row.repeat(20);
        assertEquals(-1, end(LoopRule.DEFAULT, text.length(), i -> token(text.charAt(i))));
    }

    /** Six sentences in random order: no period, but at most six of 48 lines are distinct. */
    @Test
    void linesInAnyOrderAreALoop() {
        Random random = new Random(4);
        StringBuilder text = new StringBuilder();
        for (int line = 0; line < 20; line++) {
            text.append("A line that stands alone, number ").append(line).append(".\n");
        }
        for (int line = 0; line < 200; line++) {
            text.append("Wait, let me check case ").append(random.nextInt(6)).append(".\n");
            text.append("Hm.\n"); // too short to count
        }
        int found = end(LoopRule.DEFAULT, text.length(), i -> token(text.charAt(i)));
        long lines =
                text.substring(0, found + 1).lines().filter(line -> line.length() >= 8).count();
        assertEquals(20 + 48, lines);
        assertEquals('\n', text.charAt(found));
        LoopRule periodsOnly = new LoopRule(1024, 4, 512, 0, 6, 8);
        assertEquals(-1, end(periodsOnly, text.length(), i -> token(text.charAt(i))));
    }

    @Test
    void badRules() {
        assertThrows(InputException.class, () -> new LoopRule(0, 2, 1, 0, 1, 1));
        assertThrows(InputException.class, () -> new LoopRule(4097, 2, 1, 0, 1, 1));
        assertThrows(InputException.class, () -> new LoopRule(1, 1, 1, 0, 1, 1));
        assertThrows(InputException.class, () -> new LoopRule(1, 2, 0, 0, 1, 1));
        assertThrows(InputException.class, () -> new LoopRule(1, 2, 1, -1, 1, 1));
    }
}
