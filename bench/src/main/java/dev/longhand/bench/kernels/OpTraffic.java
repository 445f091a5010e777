package dev.longhand.bench.kernels;

import java.util.Comparator;
import java.util.List;

/**
 * The memory traffic of one op of a decode step.
 *
 * @param op the name of the op
 * @param floor the bytes that the op must read by its shapes
 * @param kernels the traffic of the op's kernels, at least one
 */
record OpTraffic(String op, Floor floor, List<KernelTraffic> kernels) {
    /**
     * The minimum bytes that an op must read.
     *
     * @param weights bytes of the op's matrices and of the B matrices of an adapter
     * @param shrink bytes of the A matrices of an adapter, which a separate launch reads
     * @param kv bytes of keys and values
     * @param operands bytes of the activations, biases and norms
     */
    record Floor(long weights, long shrink, long kv, long operands) {
        /** Weights, keys and values: the bytes that bound a decode step. */
        long bytes() {
            return weights + shrink + kv;
        }
    }

    /**
     * The kernel that reads most, which is the one that reads the weights, or the keys and values.
     */
    KernelTraffic reader() {
        return kernels.stream()
                .max(Comparator.comparingLong(KernelTraffic::readSectors))
                .orElseThrow();
    }

    /** Bytes read by {@link #reader}. */
    long readBytes() {
        return reader().readBytes();
    }

    /** Returns the minimum bytes that a kernel must read. */
    long floor(KernelTraffic kernel) {
        if (kernel.equals(reader())) {
            return floor.weights() + floor.kv();
        }
        return kernel.kernel().startsWith("lora_shrink") ? floor.shrink() : 0;
    }

    /** Bytes read by all kernels. */
    long allReadBytes() {
        return kernels.stream().mapToLong(KernelTraffic::readBytes).sum();
    }

    /** Bytes read and written by all kernels. */
    long movedBytes() {
        return kernels.stream()
                .mapToLong(kernel -> kernel.readBytes() + kernel.writtenBytes())
                .sum();
    }
}
