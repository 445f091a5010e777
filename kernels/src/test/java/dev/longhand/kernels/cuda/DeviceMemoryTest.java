package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDrivers;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What is staged arrives whole. The PTX device copies nothing before somebody waits, so a buffer
 * that is written to before its last copy has passed arrives with the wrong content.
 */
class DeviceMemoryTest {
    private static final long BUFFER = 16 << 20;

    private static MemorySegment random(long bytes) {
        byte[] values = new byte[Math.toIntExact(bytes)];
        new SplittableRandom(bytes).nextBytes(values);
        return MemorySegment.ofArray(values);
    }

    private static void check(long bytes, long rowBytes) {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        MemorySegment expected = random(bytes);
        try (Arena arena = Arena.ofConfined();
                CudaDriver driver = CudaDrivers.open(device.library(), 0)) {
            DeviceMemory memory = new DeviceMemory(CudaQueue.create(driver));
            MemorySegment source = arena.allocate(bytes).copyFrom(expected);
            long to;
            if (rowBytes == 0) {
                to = memory.place(source);
            } else {
                to = memory.allocate(bytes);
                memory.upload(
                        to,
                        bytes / rowBytes,
                        rowBytes,
                        (row, staging) ->
                                staging.copyFrom(source.asSlice(row * rowBytes, rowBytes)));
            }
            source.fill((byte) 0); // an upload that has returned needs it no longer
            MemorySegment small = random(1000);
            long other = memory.place(small);
            MemorySegment back = arena.allocate(bytes);
            memory.download(back, to);
            assertEquals(-1, back.mismatch(expected));
            memory.download(back.asSlice(0, 1000), other);
            assertEquals(-1, back.asSlice(0, 1000).mismatch(small));
        }
        assertEquals(List.of(), device.findings());
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                1000,
                BUFFER - 1,
                BUFFER,
                BUFFER + 1,
                2 * BUFFER,
                2 * BUFFER + 1,
                3 * BUFFER + 5
            })
    void uploadsArriveWhole(long bytes) {
        check(bytes, 0);
    }

    /** Rows that fill the buffers to the last byte, and rows that leave a rest. */
    @ParameterizedTest
    @ValueSource(longs = {1 << 20, 3_000_064})
    void rowsArriveWhole(long rowBytes) {
        check(17 * rowBytes, rowBytes);
        check(BUFFER / rowBytes * rowBytes, rowBytes);
        check(4 * (BUFFER / rowBytes) * rowBytes + rowBytes, rowBytes);
    }
}
