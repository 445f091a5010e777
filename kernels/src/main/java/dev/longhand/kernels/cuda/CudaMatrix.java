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

    private final long address;
    private final int chunks;

    CudaMatrix(DeviceMemory memory, List<HostTensor> matrices) {
        long inputs = matrices.getFirst().shape().width();
        chunks = Math.toIntExact(Math.ceilDiv(inputs, CHUNK));
        long rowBytes = (long) chunks * CHUNK * Short.BYTES;
        long rows = matrices.stream().mapToLong(matrix -> matrix.shape().extent(0)).sum();
        address = memory.allocate(rows * rowBytes);
        long at = address;
        for (HostTensor matrix : matrices) {
            long bytes = matrix.shape().extent(0) * rowBytes;
            if (matrix.dtype() == DType.BF16 && inputs * Short.BYTES == rowBytes) {
                memory.upload(at, matrix.data());
            } else {
                uploadRows(memory, at, matrix, rowBytes);
            }
            at += bytes;
        }
    }

    private static void uploadRows(DeviceMemory memory, long to, HostTensor matrix, long rowBytes) {
        long inputs = matrix.shape().width();
        memory.upload(
                to,
                matrix.shape().extent(0),
                rowBytes,
                (row, staging) -> {
                    staging.fill((byte) 0);
                    for (long k = 0; k < inputs; k++) {
                        short bits = BFloat16.bits(matrix.get(row * inputs + k));
                        staging.setAtIndex(ValueLayout.JAVA_SHORT, k, bits);
                    }
                });
    }

    /** Fills one row of staging memory. */
    interface RowWriter {
        void write(long row, MemorySegment staging);
    }

    long address() {
        return address;
    }

    /** Chunks of a row. */
    int chunks() {
        return chunks;
    }
}
