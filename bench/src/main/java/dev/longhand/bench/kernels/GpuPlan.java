package dev.longhand.bench.kernels;

import java.util.List;

/**
 * The measurements of a {@link GpuReport}.
 *
 * @param shape the sizes of the layer
 * @param sequences the numbers of sequences of a decode step
 * @param contexts the numbers of positions of each sequence
 * @param prefillRows the number of rows of the matrix product of a prefill
 * @param warmUps the number of runs before the timed ones
 * @param samples the number of timed runs, of which the median is taken
 * @param copyBytes the size of the copy that measures the device's bandwidth
 */
record GpuPlan(
        LayerShape shape,
        List<Integer> sequences,
        List<Integer> contexts,
        int prefillRows,
        int warmUps,
        int samples,
        long copyBytes) {
    /** The full plan: its copy of 1 GiB and its layer of 975 MB are larger than any L2 cache. */
    static final GpuPlan FULL =
            new GpuPlan(
                    LayerShape.QWEN2_5_32B,
                    List.of(1, 8),
                    List.of(1024, 16_384),
                    512,
                    5,
                    31,
                    1L << 30);

    GpuPlan {
        sequences = List.copyOf(sequences);
        contexts = List.copyOf(contexts);
    }
}
