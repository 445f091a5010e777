package dev.longhand.bench.jmh;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Folds lines of UTF-8 at a width, where possible between words; JMH's are as long as paths. */
final class NarrowStream extends FilterOutputStream {
    static final int COLUMNS = 120;
    private static final byte[] NEXT_LINE = "\n#   ".getBytes(StandardCharsets.US_ASCII);

    private final byte[] word = new byte[COLUMNS];
    private int wordBytes;
    private int column;

    NarrowStream(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int each) throws IOException {
        if (each == '\n') {
            writeWord();
            out.write('\n');
            column = 0;
        } else {
            if (wordBytes == word.length - NEXT_LINE.length) {
                writeWord();
            }
            word[wordBytes++] = (byte) each;
            if (each == ' ') {
                writeWord();
            }
        }
    }

    private void writeWord() throws IOException {
        int characters = 0;
        for (int i = 0; i < wordBytes; i++) {
            characters += (word[i] & 0xC0) == 0x80 ? 0 : 1; // continuations are of one character
        }
        if (column + characters > COLUMNS) {
            out.write(NEXT_LINE);
            column = NEXT_LINE.length - 1;
        }
        out.write(word, 0, wordBytes);
        column += characters;
        wordBytes = 0;
    }

    @Override
    public void flush() throws IOException {
        writeWord();
        out.flush();
    }
}
