package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Matrices [outputs, inputs] on top of each other as the linear kernels read them: bf16, every row
 * padded with zeros to whole chunks of {@link #CHUNK} inputs. f16 and f32 weights are rounded.
 */
final class CudaMatrix {
    /** Inputs that the kernels take at a time; {@code fragments.cuh}. */
    static final int CHUNK = 32;

    /** Rows of gate before as many of up. */
    private static final int TURN = 8;

    private final long address;
    private final int chunks;
    private final int rows;

    CudaMatrix(DeviceMemory memory, List<HostTensor> matrices) {
        long rowBytes = rowBytes(matrices.getFirst().shape().width());
        chunks = Math.toIntExact(rowBytes / (CHUNK * Short.BYTES));
        rows =
                Math.toIntExact(
                        matrices.stream().mapToLong(matrix -> matrix.shape().extent(0)).sum());
        address = memory.allocate(rows * rowBytes);
        upload(memory, matrices);
    }

    /** Uploads matrices of the same shapes to where they were. */
    void upload(DeviceMemory memory, List<HostTensor> matrices) {
        long rowBytes = rowBytes(matrices.getFirst().shape().width());
        long at = address;
        for (HostTensor matrix : matrices) {
            long count = matrix.shape().extent(0);
            uploadRows(memory, at, matrix, count, rowBytes);
            at += count * rowBytes;
        }
    }

    /** Bytes of a row, padding included. */
    static long rowBytes(long inputs) {
        return Math.ceilDiv(inputs, CHUNK) * CHUNK * Short.BYTES;
    }

    /** Uploads a matrix as {@code rows} rows of bf16, padded with zeros. */
    static void uploadRows(
            DeviceMemory memory, long to, HostTensor matrix, long rows, long rowBytes) {
        long own = matrix.shape().extent(0);
        if (matrix.dtype() == DType.BF16
                && rows == own
                && matrix.shape().width() * Short.BYTES == rowBytes) {
            memory.upload(to, matrix.data());
            return;
        }
        memory.upload(
                to,
                rows,
                rowBytes,
                (row, staging) -> {
                    if (row < own) {
                        writeRow(matrix, row, staging);
                    } else {
                        staging.fill((byte) 0);
                    }
                });
    }

    /**
     * Gate and up by turns, eight rows of each, the last ones padded with zeros: a tile of 16 rows
     * holds both factors of eight outputs.
     */
    static CudaMatrix interleaved(DeviceMemory memory, HostTensor gate, HostTensor up) {
        return new CudaMatrix(memory, gate, up);
    }

    private CudaMatrix(DeviceMemory memory, HostTensor gate, HostTensor up) {
        long rowBytes = rowBytes(gate.shape().width());
        chunks = Math.toIntExact(rowBytes / (CHUNK * Short.BYTES));
        rows = Math.toIntExact(Math.ceilDiv(gate.shape().extent(0), TURN) * 2 * TURN);
        address = memory.allocate(rows * rowBytes);
        upload(memory, gate, up);
    }

    /** Uploads gate and up of the same shapes to where they were. */
    void upload(DeviceMemory memory, HostTensor gate, HostTensor up) {
        long rowBytes = rowBytes(gate.shape().width());
        long width = gate.shape().extent(0);
        memory.upload(
                address,
                rows,
                rowBytes,
                (row, staging) -> {
                    long output = row / (2 * TURN) * TURN + row % TURN;
                    HostTensor source = row / TURN % 2 == 0 ? gate : up;
                    if (output < width) {
                        writeRow(source, output, staging);
                    } else {
                        staging.fill((byte) 0);
                    }
                });
    }

    private static void writeRow(HostTensor matrix, long row, MemorySegment staging) {
        long inputs = matrix.shape().width();
        if (matrix.dtype() == DType.BF16 && inputs * Short.BYTES == staging.byteSize()) {
            staging.copyFrom(matrix.data().asSlice(row * staging.byteSize(), staging.byteSize()));
            return;
        }
        staging.fill((byte) 0);
        for (long k = 0; k < inputs; k++) {
            short bits = BFloat16.bits(matrix.get(row * inputs + k));
            staging.setAtIndex(ValueLayout.JAVA_SHORT, k, bits);
        }
    }

    /** Fills one row of staging memory. */
    interface RowWriter {
        void write(long row, MemorySegment staging);
    }

    long address() {
        return address;
    }

    /** Rows of all matrices, padding included. */
    int rows() {
        return rows;
    }

    /** Chunks of a row. */
    int chunks() {
        return chunks;
    }
}
