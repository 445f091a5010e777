package dev.longhand.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An incremental decoder of UTF-8 bytes. It never splits a character, and it replaces malformed
 * bytes by U+FFFD exactly as a decode of the whole text would. Work per byte is constant; appending
 * allocates nothing once the buffer has grown to the longest text between two takes.
 */
public final class StreamingDetokenizer {
    /** The lead byte that, followed by A0 to BF, encodes a surrogate, which UTF-8 forbids. */
    private static final byte SURROGATE_LEAD = (byte) 0xed;

    private static final byte NEVER_VALID = (byte) 0xff;

    private byte[] pending = new byte[256];
    private int count;

    /** Creates a decoder without pending bytes. */
    public StreamingDetokenizer() {}

    /** Appends a byte. */
    public void append(byte next) {
        if (count == pending.length) {
            pending = Arrays.copyOf(pending, 2 * count);
        }
        if (count > 0 && pending[count - 1] == SURROGATE_LEAD && (next & 0xe0) == 0xa0) {
            // Java replaces three such bytes by one U+FFFD, Unicode and Rust by one each.
            pending[count - 1] = NEVER_VALID;
        }
        pending[count++] = next;
    }

    /** Drops the last bytes, which must still be pending. */
    public void dropLast(int bytes) {
        count -= bytes;
    }

    /**
     * Removes and returns the complete characters.
     *
     * @param held number of trailing bytes to keep back for now
     */
    public String take(int held) {
        int end = count - held;
        end -= incomplete(end);
        if (end <= 0) {
            return "";
        }
        String text = new String(pending, 0, end, StandardCharsets.UTF_8);
        System.arraycopy(pending, end, pending, 0, count - end);
        count -= end;
        return text;
    }

    /**
     * Returns the length in UTF-16 units of the pending bytes, decoded as if nothing followed them.
     */
    public int pendingCharacters() {
        return new String(pending, 0, count, StandardCharsets.UTF_8).length();
    }

    /** Removes and returns the remaining text. */
    public String finish() {
        String text = new String(pending, 0, count, StandardCharsets.UTF_8);
        count = 0;
        return text;
    }

    /** Returns the number of bytes before {@code end} that begin an incomplete character. */
    private int incomplete(int end) {
        for (int back = 1; back <= Math.min(3, end); back++) {
            int lead = pending[end - back] & 0xff;
            if (lead >= 0xc2 && lead <= 0xf4) {
                return length(lead) > back && continues(end - back, back) ? back : 0;
            }
            if (lead < 0x80 || lead > 0xbf) {
                return 0;
            }
        }
        return 0;
    }

    private static int length(int lead) {
        return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    }

    /**
     * Returns whether the bytes from a lead byte on can still become a character. The range of the
     * second byte depends on the lead (Unicode, table 3-7); a pair outside it is already malformed.
     */
    private boolean continues(int lead, int bytes) {
        if (bytes == 1) {
            return true;
        }
        int second = pending[lead + 1] & 0xff;
        return switch (pending[lead] & 0xff) {
            case 0xe0 -> second >= 0xa0;
            case 0xf0 -> second >= 0x90;
            case 0xf4 -> second <= 0x8f;
            default -> true;
        };
    }
}
