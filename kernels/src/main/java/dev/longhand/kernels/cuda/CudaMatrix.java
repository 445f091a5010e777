package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Matrices [outputs, inputs] in the layout of the linear kernels. bf16: every row is padded with
 * zeros to whole chunks of {@link #CHUNK} inputs, and f16 and f32 weights are rounded. Quantised:
 * in the order of {@link CudaPacking}.
 */
final class CudaMatrix {
    /** Inputs that the kernels process at a time, as in {@code fragments.cuh}. */
    static final int CHUNK = 32;

    private final DType dtype;
    private final long address;
    private final long scales;
    private final long scaleBytes;
    private final int chunks;
    private final int rows;

    CudaMatrix(DeviceMemory memory, StackedMatrices from) {
        dtype = from.dtype();
        rows = from.count();
        chunks = Math.toIntExact(Math.ceilDiv(from.width(), CHUNK));
        if (dtype.quantized()) {
            CudaPacking packing = new CudaPacking(from);
            address = memory.allocate(packing.tiles() * packing.codeBytes());
            scaleBytes = packing.tiles() * packing.scaleBytes();
            scales = memory.allocate(scaleBytes);
        } else {
            address = memory.allocate(rows * rowBytes(from.width()));
            scales = 0;
            scaleBytes = 0;
        }
        upload(memory, from);
    }

    /** Replaces the weights in place with matrices of the same shapes. */
    void upload(DeviceMemory memory, StackedMatrices from) {
        if (dtype.quantized()) {
            CudaPacking packing = new CudaPacking(from);
            memory.uploadParallel(
                    address, packing.tiles(), packing.codeBytes(), packing::writeCodes);
            memory.uploadParallel(
                    scales, packing.tiles(), packing.scaleBytes(), packing::writeScales);
            return;
        }
        long rowBytes = rowBytes(from.width());
        if (from.interleaved()) {
            memory.upload(address, rows, rowBytes, (row, to) -> writeRow(from, row, to));
            return;
        }
        long at = address;
        for (HostTensor matrix : from.matrices()) {
            long count = matrix.shape().extent(0);
            uploadRows(memory, at, matrix, count, rowBytes);
            at += count * rowBytes;
        }
    }

    /** Bytes of a row of bf16, padding included. */
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

    private static void writeRow(StackedMatrices from, long row, MemorySegment staging) {
        long own = from.row(row);
        if (own == StackedMatrices.PADDING) {
            staging.fill((byte) 0);
        } else {
            writeRow(from.matrices().get(from.matrix(row)), own, staging);
        }
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

    /** BF16, or the quantised dtype. */
    DType dtype() {
        return dtype;
    }

    long address() {
        return address;
    }

    /** The address of the scales of quantised weights; 0 for bf16. */
    long scales() {
        return scales;
    }

    /** Bytes of scales. */
    long scaleBytes() {
        return scaleBytes;
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
