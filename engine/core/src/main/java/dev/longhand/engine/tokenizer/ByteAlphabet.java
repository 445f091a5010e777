package dev.longhand.engine.tokenizer;

import java.util.Arrays;

/**
 * GPT-2's printable stand-ins for the 256 bytes. A byte that is a printable Latin-1 character
 * stands for itself; the other 68 bytes are, in order, the characters from U+0100 up.
 */
final class ByteAlphabet {
    private static final short[] BYTE_OF = new short[512];

    static {
        Arrays.fill(BYTE_OF, (short) -1);
        int next = 256;
        for (int value = 0; value < 256; value++) {
            BYTE_OF[isPrintable(value) ? value : next++] = (short) value;
        }
    }

    private ByteAlphabet() {}

    private static boolean isPrintable(int value) {
        return (value >= '!' && value <= '~')
                || (value >= 0xa1 && value <= 0xac)
                || (value >= 0xae && value <= 0xff);
    }

    /** Returns the byte that a character stands for, or -1. */
    static int byteOf(char character) {
        return character < BYTE_OF.length ? BYTE_OF[character] : -1;
    }
}
