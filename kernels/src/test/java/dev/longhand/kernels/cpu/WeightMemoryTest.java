package dev.longhand.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.kernels.TestBackends;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Pieces of weight memory: aligned, zeroed, apart from each other, side by side, gone at once. */
class WeightMemoryTest {
    private static final long[] SIZES = {
        1, 64, 65, 3_000_000, 60_000_000, 200_000_000, 7, 5_000_000
    };

    @Test
    void piecesAreApart() {
        List<MemorySegment> pieces = new ArrayList<>();
        try (WeightMemory memory = new WeightMemory(TestBackends.cpuLibrary())) {
            for (long size : SIZES) {
                MemorySegment piece = memory.take(size);
                assertEquals(size, piece.byteSize());
                assertEquals(0, piece.address() % 64);
                assertEquals(0, piece.get(ValueLayout.JAVA_BYTE, 0));
                assertEquals(0, piece.get(ValueLayout.JAVA_BYTE, size - 1));
                pieces.add(piece);
                piece.set(ValueLayout.JAVA_BYTE, 0, (byte) pieces.size());
                piece.set(ValueLayout.JAVA_BYTE, size - 1, (byte) pieces.size());
            }
            for (int i = 0; i < SIZES.length; i++) {
                assertEquals(i + 1, pieces.get(i).get(ValueLayout.JAVA_BYTE, 0));
                assertEquals(i + 1, pieces.get(i).get(ValueLayout.JAVA_BYTE, SIZES[i] - 1));
            }
            assertEquals(pieces.get(0).address() + 64, pieces.get(1).address());
        }
        MemorySegment first = pieces.getFirst();
        assertThrows(IllegalStateException.class, () -> first.get(ValueLayout.JAVA_BYTE, 0));
    }
}
