package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;

import java.util.Optional;

/**
 * One op on one shape, with data that its name determines.
 *
 * <p>The tolerance rule: a backend's largest error against the oracle ({@code ReferenceBackend})
 * may be twice that of {@link #plain}, a straightforward F32 loop over operands of the backend's
 * precision, plus one unit in the last place of the largest result (a lucky plain loop can be
 * exact).
 */
public sealed interface OpCase
        permits LinearCase,
                NormedLinearCase,
                LoraCase,
                RmsNormCase,
                SwiGluCase,
                SoftCapCase,
                EmbeddingCase,
                AttentionCase {
    /** Op and shape in words, unique in the table. */
    String name();

    /** Floating-point operations of one run. */
    long flops();

    /** Bytes that one run has to read and write at least. */
    long bytes();

    /**
     * Places the data on a backend. What it allocates lives until the backend closes, or, for KV
     * caches, until {@link Prepared#close}.
     */
    Prepared prepare(ComputeBackend backend);

    /** Why a backend has no kernel for this case, if so. */
    default Optional<String> refusal(ComputeBackend backend) {
        return Optional.empty();
    }

    /**
     * The result by a plain F32 loop, elements in the order of {@link Prepared#result}.
     *
     * @param precision what operands of products are rounded to first
     */
    float[] plain(Precision precision);

    /** A case on a backend, ready to run; an accumulating one adds at every run. */
    interface Prepared extends AutoCloseable {
        /** Runs the op once. */
        void run();

        /** The result of the last run, row-major. */
        float[] result();

        @Override
        void close();
    }
}
