package dev.longhand.engine.tokenizer;

import java.util.Arrays;
import java.util.BitSet;

/**
 * A lower bound of the number of tokens of a text, from its characters alone. With L(b) the length
 * of the longest token that contains byte b, a token of n bytes has n bytes with L(b) of at least
 * n, so a text has at least the sum of 1 / L(b) tokens.
 *
 * <p>NFC comes before encoding. It changes no ASCII character unless a character beyond ASCII
 * follows, which may combine with it; those ASCII characters count nothing. It leaves at least a
 * third of the bytes of the others (nine bytes of Korean letters become three). SentencePiece makes
 * no difference between a space and {@link #SPACE_SIGN}.
 *
 * <p>The bound is 0 where a token may stand for a text of any length: an unknown one, which a
 * vocabulary with every byte does not need, or one that takes the white space around it.
 */
final class TokenCountBound {
    private static final int NFC_SHRINKS_MAX = 3;
    private static final int ASCII = 128;
    private static final char SPACE_SIGN = '\u2581';

    private final double[] perAscii = new double[ASCII];
    private final double perOtherByte;
    private final double perSpaceSign;

    /** Computes the bound's table from the bytes of every token. */
    TokenCountBound(TokenTable table) {
        int[] longest = new int[1 << Byte.SIZE];
        BitSet bytes = new BitSet(); // with a token of their own
        for (int token = 0; token < table.size(); token++) {
            for (int i = 0; i < table.length(token); i++) {
                int value = Byte.toUnsignedInt(table.byteAt(token, i));
                longest[value] = Math.max(longest[value], table.length(token));
                bytes.set(value, bytes.get(value) || table.length(token) == 1);
            }
        }
        if (table.strips() || bytes.cardinality() < longest.length) {
            perOtherByte = 0;
            perSpaceSign = 0;
            return;
        }
        for (int value = 0; value < ASCII; value++) {
            perAscii[value] = 1.0 / longest[value];
        }
        int longestOther = Arrays.stream(longest).skip(ASCII).max().orElse(0);
        perOtherByte = 1.0 / longestOther / NFC_SHRINKS_MAX;
        perSpaceSign = Math.min(2 * perOtherByte, perAscii[' ']);
    }

    /**
     * Returns the bound.
     *
     * @param enough counting ends when the bound reaches this
     */
    double of(String text, double enough) {
        double tokens = 0;
        for (int i = 0; i < text.length() && tokens < enough; i++) {
            char c = text.charAt(i);
            if (c == SPACE_SIGN) {
                tokens += perSpaceSign;
            } else if (c >= ASCII) {
                // Two bytes at least; a surrogate is half of four.
                tokens += 2 * perOtherByte;
            } else if (i + 1 == text.length() || text.charAt(i + 1) < ASCII) {
                tokens += perAscii[c];
            }
        }
        return tokens;
    }
}
