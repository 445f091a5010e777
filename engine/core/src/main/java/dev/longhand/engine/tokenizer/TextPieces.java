package dev.longhand.engine.tokenizer;

/**
 * Cuts of a long text into pieces whose ids, one after another, are the ids of the whole text. A
 * cut lies where Qwen2's pre-tokenizer ends a word in the whole text, in the piece before it and
 * whatever follows: after a line feed before anything that is not white space, or after an ASCII
 * letter or digit before a space. The pre-tokenizer looks ahead within white space only and never
 * back; NFC composes nothing with a line feed or a space; no added token contains white space.
 */
final class TextPieces {
    /** Least length of a piece, in UTF-16 units; its encoding takes some milliseconds. */
    static final int CHARACTERS_MIN = 16 << 10;

    private TextPieces() {}

    /** Returns the end of the piece that begins at an index: the end of the text if no cut fits. */
    static int end(String text, int from) {
        for (int at = from + CHARACTERS_MIN; at < text.length(); at++) {
            if (cuts(text.charAt(at - 1), text.charAt(at))) {
                return at;
            }
        }
        return text.length();
    }

    /** Whether a cut may lie between two characters that follow each other. */
    static boolean cuts(char before, char after) {
        if (before == '\n') {
            return !Character.isWhitespace(after)
                    && !Character.isSpaceChar(after)
                    && !Character.isISOControl(after);
        }
        boolean word =
                (before >= 'a' && before <= 'z')
                        || (before >= 'A' && before <= 'Z')
                        || (before >= '0' && before <= '9');
        return word && after == ' ';
    }
}
