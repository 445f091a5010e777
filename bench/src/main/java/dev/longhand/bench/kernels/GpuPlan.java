package dev.longhand.bench.kernels;

import dev.longhand.kernels.tensor.DType;

import java.util.List;

/**
 * The measurements of a {@link GpuReport}.
 *
 * @param shape the sizes of the layer
 * @param weights the dtypes of the layer's weights
 * @param sequences the numbers of sequences of a decode step
 * @param contexts the numbers of positions of each sequence
 * @param ranks the ranks of an adapter at the first context; 0 is none, at all contexts
 * @param prefillRows the number of rows of the matrix product of a prefill
 * @param warmUps the number of runs before the timed ones
 * @param samples the number of timed runs, of which the median is taken
 * @param copyBytes the size of the copy that measures the device's bandwidth
 */
record GpuPlan(
        LayerShape shape,
        List<DType> weights,
        List<Integer> sequences,
        List<Integer> contexts,
        List<Integer> ranks,
        int prefillRows,
        int warmUps,
        int samples,
        long copyBytes) {
    /** The plans by name. */
    enum Name {
        /** A layer of the 32B shape; its copy of 1 GiB and its 975 MB exceed any L2 cache. */
        FULL(
                new GpuPlan(
                        LayerShape.QWEN2_5_32B,
                        List.of(DType.BF16, DType.INT4),
                        List.of(1, 8, 16, 64),
                        List.of(1024, 16_384),
                        List.of(0, 64, 256),
                        512,
                        5,
                        31,
                        CopyBandwidth.BYTES)),

        /** One step of each dtype, for a profiler that replays every kernel. */
        PROFILE(
                new GpuPlan(
                        LayerShape.QWEN2_5_32B,
                        List.of(DType.BF16, DType.INT4),
                        List.of(1),
                        List.of(1024),
                        List.of(0),
                        512,
                        1,
                        1,
                        CopyBandwidth.BYTES)),

        /** A layer that the PTX device computes in seconds; its times mean nothing. */
        TINY(
                new GpuPlan(
                        new LayerShape(64, 2, 1, 32, 96),
                        List.of(DType.BF16),
                        List.of(1, 2),
                        List.of(70), // more than a page, which the harness fills whole
                        List.of(0, 8),
                        17,
                        1,
                        3,
                        1 << 12));

        @SuppressWarnings("ImmutableEnumChecker") // lists of a plan are copies
        private final GpuPlan plan;

        Name(GpuPlan plan) {
            this.plan = plan;
        }

        GpuPlan plan() {
            return plan;
        }
    }

    GpuPlan {
        weights = List.copyOf(weights);
        sequences = List.copyOf(sequences);
        contexts = List.copyOf(contexts);
        ranks = List.copyOf(ranks);
    }
}
