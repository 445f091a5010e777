package dev.longhand.service.line;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Reads lines, and reports when an incomplete one began. */
class LineReaderTest {
    /** Returns one part per read, and records the reader's clock before each. */
    private static final class Parts implements ReadableByteChannel {
        private final Deque<String> parts;
        private final Deque<Long> sinceAtReads = new ArrayDeque<>();
        private @Nullable LineReader reader;

        Parts(String... parts) {
            this.parts = new ArrayDeque<>(List.of(parts));
        }

        LineReader reader(int bytesMax) {
            reader = new LineReader(this, bytesMax);
            return reader;
        }

        @Override
        public int read(ByteBuffer into) {
            if (reader != null) {
                sinceAtReads.add(reader.lineSinceNanos());
            }
            String part = parts.poll();
            if (part == null) {
                return -1;
            }
            into.put(part.getBytes(StandardCharsets.UTF_8));
            return part.length();
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static void assertLine(String expected, LineReader reader) throws IOException {
        assertArrayEquals(expected.getBytes(StandardCharsets.UTF_8), reader.next());
    }

    @Test
    void linesHoweverTheyAreSplit() throws IOException {
        LineReader reader = new Parts("a", "b\n\nc", "\nlast").reader(10);
        assertLine("ab", reader);
        assertLine("", reader);
        assertLine("c", reader);
        assertLine("last", reader);
        assertNull(reader.next());
    }

    /** The clock of a line starts at its first byte; later bytes do not reset it. */
    @Test
    void aLineIsTimedFromItsFirstByte() throws IOException {
        Parts parts = new Parts("a", "b", "c\n", "d");
        LineReader reader = parts.reader(10);
        assertLine("abc", reader);
        assertEquals(0, reader.lineSinceNanos());
        assertEquals(0, parts.sinceAtReads.poll()); // no byte has arrived
        long since = parts.sinceAtReads.remove();
        assertNotEquals(0, since);
        assertEquals(since, parts.sinceAtReads.poll());
        assertLine("d", reader);
        assertEquals(0, parts.sinceAtReads.poll()); // between lines
        assertNotEquals(since, parts.sinceAtReads.poll());
    }

    @Test
    void theLongestLineAndOneByteMore() throws IOException {
        assertLine("0123456789", new Parts("01234", "56789\n").reader(10));
        LineReader reader = new Parts("01234", "56789", "x\n").reader(10);
        assertThrows(InputException.class, reader::next);
    }
}
