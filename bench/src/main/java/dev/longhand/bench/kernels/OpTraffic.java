package dev.longhand.bench.kernels;

import java.util.Comparator;
import java.util.List;

/**
 * An op of a decode step: what it has to read by its shapes, and what its kernels moved.
 *
 * @param op name
 * @param floor bytes that it has to read
 * @param kernels at least one
 */
record OpTraffic(String op, Floor floor, List<KernelTraffic> kernels) {
    /**
     * Bytes that an op cannot do without.
     *
     * @param weights of its matrices, and B of an adapter
     * @param shrink A of an adapter, which a launch of its own reads
     * @param kv of keys and values
     * @param operands of activations, biases and norms that it reads beside them
     */
    record Floor(long weights, long shrink, long kv, long operands) {
        /** Weights, keys and values: what a decode step is bound by. */
        long bytes() {
            return weights + shrink + kv;
        }
    }

    /** The kernel that reads most, so the one with the weights or the keys and values. */
    KernelTraffic reader() {
        return kernels.stream()
                .max(Comparator.comparingLong(KernelTraffic::readSectors))
                .orElseThrow();
    }

    /** Bytes read by the kernel that reads most. */
    long readBytes() {
        return reader().readBytes();
    }

    /** Bytes that a kernel cannot do without. */
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
