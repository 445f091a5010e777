package dev.longhand.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.BackendUnavailableException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A decode step of a small layer reads every weight, key and value once, and little else. */
class TrafficReportTest {
    private static final LayerShape SMALL = new LayerShape(256, 10, 2, 64, 768);

    private static final int RANK = 64;

    /** Parts of A x that a decode step leaves. */
    private static final int PARTS = 8;

    /** Rows of positions, sequences and page tables, in sectors of their own in every launch. */
    private static final long TABLE_BYTES_MAX = 1024;

    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8", "INT4", "FP8"})
    void smallLayer(DType weights) {
        try (ComputeBackend backend = BackendChoice.open(new Device(PtxDevice.NAME), 0).backend();
                DecodeLayer layer = new DecodeLayer(backend, SMALL, weights)) {
            for (int sequences : new int[] {1, 8}) {
                for (int context : new int[] {100, 600}) {
                    TrafficTable table = TrafficReport.measure(layer, sequences, context, 0);
                    System.out.println(table.text());
                    check(table, weights, sequences, context);
                }
                checkAdapter(layer, weights, sequences);
            }
        } catch (BackendUnavailableException e) {
            Assumptions.abort("skipped: " + e.getMessage());
        }
    }

    private static void check(TrafficTable table, DType weights, int sequences, int context) {
        long floor = SMALL.weightBytes(weights) + SMALL.kvBytes(context, sequences);
        assertEquals(floor, table.floorBytes());
        for (OpTraffic op : table.ops()) {
            long needed = op.floor().bytes() + op.floor().operands();
            if (op.floor().weights() > 0) {
                assertEquals(needed, op.readBytes(), op.toString());
            }
            if (op.floor().kv() > 0) {
                assertTrue(op.readBytes() >= needed, op.toString());
                assertTrue(op.readBytes() <= needed + TABLE_BYTES_MAX, op.toString());
            }
            checkSharedMemory(op);
        }
    }

    /** A, B and what lies between them are read once, however many sequences share them. */
    private static void checkAdapter(DecodeLayer layer, DType weights, int sequences) {
        TrafficTable without = TrafficReport.measure(layer, sequences, 100, 0);
        TrafficTable table = TrafficReport.measure(layer, sequences, 100, RANK);
        System.out.println(table.text());
        assertEquals(without.launches() + 4, table.launches());
        assertEquals(without.floorBytes() + SMALL.adapterBytes(RANK), table.floorBytes());
        long shrunk = 7L * sequences * RANK * PARTS * Float.BYTES;
        for (OpTraffic op : table.ops()) {
            if (op.floor().weights() > 0) {
                // x is read by both kernels
                long needed = op.floor().bytes() + 2 * op.floor().operands();
                long most = needed + shrunk + 2 * TABLE_BYTES_MAX;
                assertTrue(op.allReadBytes() >= op.floor().bytes(), op.toString());
                assertTrue(op.allReadBytes() <= most, op.toString());
            }
        }
    }

    /**
     * The linear kernel uses shared memory for partial sums only, once per block: half of its
     * requests read two columns of them, which have twelve banks in common.
     */
    private static void checkSharedMemory(OpTraffic op) {
        for (KernelTraffic kernel : op.kernels()) {
            boolean partials = op.floor().weights() > 0;
            long most = kernel.wavefrontsIdeal() + (partials ? kernel.wavefrontsIdeal() / 2 : 0);
            assertTrue(kernel.wavefronts() <= most, op.toString());
        }
    }

    /** r = 64 is 1.7 % of the weights. */
    @Test
    void bytesOf32B() {
        assertEquals(16_777_216, LayerShape.QWEN2_5_32B.adapterBytes(64));
        assertEquals(975_175_680, LayerShape.QWEN2_5_32B.weightBytes(DType.BF16));
        assertEquals(64L << 20, LayerShape.QWEN2_5_32B.kvBytes(16_384, 1));
    }

    @Test
    void counters() {
        KernelTraffic kernel =
                KernelTraffic.parse(
                                """
                                [{"kernel":"k","launches":2,"globalLoadRequests":4,
                                "globalLoadSectors":64,"globalLoadBytes":1024,
                                "uniqueReadSectors":32,"uniqueWrittenSectors":1,
                                "sharedWavefronts":3,"sharedWavefrontsIdeal":2}]
                                """)
                        .getFirst();
        assertEquals(1024, kernel.readBytes());
        assertEquals(32, kernel.writtenBytes());
        assertEquals(16, kernel.sectorsPerRequest());
        assertEquals(8, kernel.sectorsPerRequestIdeal());
    }
}
