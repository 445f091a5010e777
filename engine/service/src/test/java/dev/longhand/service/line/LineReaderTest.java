package dev.longhand.service.line;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;
import dev.longhand.service.ByteBudget;
import dev.longhand.service.RequestBuffer;

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
            reader = new LineReader(this, bytesMax, new ByteBudget(Long.MAX_VALUE));
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
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            int count = Math.min(bytes.length, into.remaining());
            into.put(bytes, 0, count);
            if (count < bytes.length) {
                parts.push(part.substring(count)); // of ASCII
            }
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static void assertLine(String expected, LineReader reader) throws IOException {
        RequestBuffer line = reader.next();
        assertArrayEquals(expected.getBytes(StandardCharsets.UTF_8), line.bytes().readAllBytes());
    }

    @Test
    void linesHoweverTheyAreSplit() throws IOException {
        LineReader reader = new Parts("{a", "b\n\n {c", "\n{last").reader(10);
        assertLine("{ab", reader);
        assertLine("", reader);
        assertLine(" {c", reader);
        assertLine("{last", reader);
        assertNull(reader.next());
    }

    /** The clock of a line starts at its first byte; later bytes do not reset it. */
    @Test
    void aLineIsTimedFromItsFirstByte() throws IOException {
        Parts parts = new Parts("{", "b", "c\n", "{d");
        LineReader reader = parts.reader(10);
        assertLine("{bc", reader);
        assertEquals(0, reader.lineSinceNanos());
        assertEquals(0, parts.sinceAtReads.poll()); // no byte has arrived
        long since = parts.sinceAtReads.remove();
        assertNotEquals(0, since);
        assertEquals(since, parts.sinceAtReads.poll());
        assertLine("{d", reader);
        assertEquals(0, parts.sinceAtReads.poll()); // between lines
        assertNotEquals(since, parts.sinceAtReads.poll());
    }

    @Test
    void theLongestLineAndOneByteMore() throws IOException {
        assertLine("{123456789", new Parts("{1234", "56789\n").reader(10));
        LineReader reader = new Parts("{1234", "56789", "x\n").reader(10);
        assertThrows(InputException.class, reader::next);
    }

    /** Also before the end of the line. */
    @Test
    void anotherProtocolIsRefusedAtItsFirstByte() {
        for (String foreign :
                List.of("G", "POST / HTTP/1.1\r\n", "\u0016\u0003", "[", " 7", "\n\nx")) {
            LineReader reader = new Parts(foreign, "\n{}\n").reader(100);
            assertThrows(InputException.class, () -> lastOf(reader), foreign);
        }
    }

    private static RequestBuffer lastOf(LineReader reader) throws IOException {
        RequestBuffer line = reader.next();
        while (line.length() == 0) {
            line = reader.next();
        }
        return line;
    }

    /** Half-sent lines count together; whole ones give their bytes back. */
    @Test
    void halfSentLinesShareABudget() throws IOException {
        String half = "{" + " ".repeat(150_000);
        ByteBudget budget = new ByteBudget(700_000);
        LineReader first = new LineReader(new Parts(half, half, "\n", half), 1 << 20, budget);
        assertEquals(2 * half.length(), first.next().length());
        LineReader second = new LineReader(new Parts(half, half, half, half), 1 << 20, budget);
        assertThrows(EngineBusyException.class, second::next);
        first.close();
        second.close();
        assertTrue(budget.take(700_000));
    }

    /** A line of 200 kB with 100,000 numbers takes many times its bytes when it is parsed. */
    @Test
    void valuesTakeTheirHeap() throws IOException {
        String many = "{\"prompt_ids\":[" + "1,".repeat(100_000) + "1]}";
        ByteBudget budget = new ByteBudget(20_000_000);
        LineReader first = new LineReader(new Parts(many, "\n"), 1 << 20, budget);
        assertEquals(many.length(), first.next().length());
        LineReader second = new LineReader(new Parts(many, "\n"), 1 << 20, budget);
        assertThrows(EngineBusyException.class, second::next);
        first.close();
        second.close();
        assertTrue(budget.take(20_000_000));
        LineReader third =
                new LineReader(new Parts(many, "\n"), 1 << 20, new ByteBudget(10_000_000));
        assertThrows(InputException.class, third::next);
    }
}
