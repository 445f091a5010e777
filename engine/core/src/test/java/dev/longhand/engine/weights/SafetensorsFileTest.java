package dev.longhand.engine.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;

/** Headers from a hostile or broken writer. */
class SafetensorsFileTest {
    private static final Path NAME = Path.of("weights.safetensors");
    private static final String GOOD =
            "{'__metadata__':{'format':'pt'},"
                    + "'a':{'dtype':'BF16','shape':[2,3],'data_offsets':[0,12]},"
                    + "'b':{'dtype':'F32','shape':[4],'data_offsets':[12,28]}}";
    private static final int GOOD_DATA = 28;

    private static byte[] file(String header, int dataBytes) {
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, dataBytes);
    }

    private static byte[] file(long length, byte[] json, int dataBytes) {
        return ByteBuffer.allocate(8 + json.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(json)
                .array();
    }

    private static SafetensorsFile parse(byte[] bytes) {
        MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, bytes.length), 64);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, copy, 0, bytes.length);
        return SafetensorsFile.parse(NAME, copy.asSlice(0, bytes.length));
    }

    @Test
    void aGoodFileIsRead() {
        SafetensorsFile file = parse(file(GOOD, GOOD_DATA));
        assertEquals("[2, 3]", file.tensor("a").shape().toString());
        assertEquals(16, file.tensor("b").data().byteSize());
        assertEquals("pt", file.metadata().get("format"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "overlap       | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                        + "'b':{'dtype':'F32','shape':[1],'data_offsets':[2,6]}} | 6 | overlap",
                "hole          | {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8"
                        + " | belong to none",
                "out of range  | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 4"
                        + " | truncated",
                "rest          | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 5"
                        + " | follow the last tensor",
                "backwards     | {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 4"
                        + " | ends at byte 0",
                "negative      | {'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | 4"
                        + " | has -1",
                "too large     | {'a':{'dtype':'F32','shape':[99999999999999999999],"
                        + "'data_offsets':[0,4]}} | 4 | must be from 0",
                "overflow      | {'a':{'dtype':'F32','shape':[4294967296,4294967296],"
                        + "'data_offsets':[0,4]}} | 4 | overflowing",
                "wrong size    | {'a':{'dtype':'F32','shape':[3],'data_offsets':[0,4]}} | 4"
                        + " | takes 12 bytes",
                "unknown dtype | {'a':{'dtype':'F12','shape':[1],'data_offsets':[0,4]}} | 4"
                        + " | unknown dtype",
                "no dtype      | {'a':{'shape':[1],'data_offsets':[0,4]}} | 4 | needs dtype",
                "fraction      | {'a':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}} | 4"
                        + " | whole numbers",
                "twice         | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                        + "'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | twice",
                "list          | [] | 0 | an object",
                "cut           | {'a':{'dtype': | 0 | header",
                "empty         | ^^ | 0 | header",
            })
    void aBadHeaderIsNamed(String what, String header, int dataBytes, String message) {
        InputException e =
                assertThrows(InputException.class, () -> parse(file(header, dataBytes)), what);
        assertTrue(e.getMessage().startsWith("weights.safetensors"), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void headerLengthsBeyondTheFileAreRefused() {
        byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
        for (long length : new long[] {3, 100, 100_000_001, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            assertThrows(InputException.class, () -> parse(file(length, json, 0)));
        }
        for (int size = 0; size < 8; size++) {
            byte[] stub = new byte[size];
            assertThrows(InputException.class, () -> parse(stub));
        }
    }

    @Test
    void deepJsonIsRefused() {
        String deep = "{'a':" + "[".repeat(100_000);
        assertThrows(InputException.class, () -> parse(file(deep, 0)));
        String metadata = "{'__metadata__':" + "{'x':".repeat(100_000);
        assertThrows(InputException.class, () -> parse(file(metadata, 0)));
    }

    /** Random bytes give either a usable file or one clear error, never any other failure. */
    @Test
    void randomDamageGivesAFileOrOneClearError() {
        byte[] good = file(GOOD, GOOD_DATA);
        Random random = new Random(3);
        int refused = 0;
        for (int round = 0; round < 50_000; round++) {
            byte[] bytes = damage(good, random);
            try {
                SafetensorsFile file = parse(bytes);
                for (String name : file.names()) {
                    touch(file, name);
                }
            } catch (InputException e) {
                refused++;
                assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
                assertTrue(e.getMessage().length() < 600, e.getMessage());
            }
        }
        assertTrue(refused > 25_000, "only " + refused + " were refused");
    }

    private static void touch(SafetensorsFile file, String name) {
        MemorySegment data = file.tensor(name).data();
        data.get(java.lang.foreign.ValueLayout.JAVA_BYTE, data.byteSize() - 1);
    }

    private static byte[] damage(byte[] good, Random random) {
        byte[] bytes = good.clone();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] = (byte) "{}[]\",:0123456789-e".charAt(random.nextInt(19));
                case 2 -> bytes[random.nextInt(8)] ^= (byte) (1 << random.nextInt(8));
                default -> {
                    int length = random.nextInt(bytes.length - at);
                    int from = random.nextInt(bytes.length - length);
                    System.arraycopy(good, from, bytes, at, length);
                }
            }
        }
        return random.nextInt(4) == 0
                ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 8))
                : bytes;
    }
}
