package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.cases.OpCase;
import dev.longhand.kernels.cases.Precision;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.reference.ReferenceBackend;
import dev.longhand.kernels.rope.RopeTable;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/** Runs kernels on one shape, small and yet such that every part of them has work. */
abstract class FaultDrive {
    private float[] expected;

    /** The result on a device of a driver library, with PTX texts by name. */
    abstract float[] run(CudaLibrary library, int ordinal, Function<String, byte[]> ptx);

    /** The right result. */
    abstract float[] oracle();

    /** How far a right result may be from the oracle's. */
    abstract double bound();

    /** The oracle's result. */
    float[] expected() {
        if (expected == null) {
            expected = oracle();
        }
        return expected;
    }

    /** The largest error of a result; infinite where one is not a number. */
    double error(float[] actual) {
        double error = 0;
        for (int i = 0; i < expected().length; i++) {
            double difference = Math.abs((double) expected()[i] - actual[i]);
            error =
                    Double.isNaN(difference)
                            ? Double.POSITIVE_INFINITY
                            : Math.max(error, difference);
        }
        return error;
    }

    /** The largest magnitude of the oracle's result. */
    float largest() {
        float largest = 0;
        for (float value : expected()) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Runs ops of inference; the reference backend is the oracle. */
    private abstract static class OfInference extends FaultDrive {
        /** The result on a backend, which stays open. */
        abstract float[] run(ComputeBackend backend);

        @Override
        float[] run(CudaLibrary library, int ordinal, Function<String, byte[]> ptx) {
            try (CudaBackend backend = new CudaBackend(library, ordinal, ptx)) {
                return run(backend);
            }
        }

        @Override
        float[] oracle() {
            try (ComputeBackend oracle = new ReferenceBackend()) {
                return run(oracle);
            }
        }
    }

    /** A case of the table's kind, with the table's rule. */
    static FaultDrive of(OpCase opCase) {
        return new OfInference() {
            @Override
            float[] run(ComputeBackend backend) {
                try (OpCase.Prepared prepared = opCase.prepare(backend)) {
                    prepared.run();
                    return prepared.result();
                }
            }

            @Override
            double bound() {
                return 2 * error(opCase.plain(Precision.BF16)) + Math.ulp(largest());
            }
        };
    }

    /**
     * One decoding step of two sequences over caches that hold {@code positions} and half as many:
     * several splits, the last of them ragged. Queries and weights are rounded to bf16 on the way,
     * each by up to 1 in 256 of itself; errors of both signs add up to less than 1 in 100.
     */
    static FaultDrive decoding(int heads, int kvHeads, int headDim, int positions) {
        return new OfInference() {
            @Override
            float[] run(ComputeBackend backend) {
                return decode(backend, heads, kvHeads, headDim, positions);
            }

            @Override
            double bound() {
                return largest() / 100;
            }
        };
    }

    /**
     * Two samples of three sequences: from all of a vocabulary with penalties and a report, from a
     * top-k with biases, and from a nucleus with a frequency penalty. Every token and every
     * log-probability is the host's.
     */
    static FaultDrive sampling(int vocabulary) {
        return new OfInference() {
            @Override
            float[] run(ComputeBackend backend) {
                return sample(backend, vocabulary);
            }

            @Override
            double bound() {
                return 0;
            }
        };
    }

    private static float[] sample(ComputeBackend backend, int vocabulary) {
        SamplerState[] states = {
            new SamplerState(new SamplingParams(1, 0, 1, 0, 20, 3, 1, 3), vocabulary),
            new SamplerState(
                    new SamplingParams(0.7f, 20, 0.9f, 0, 1, 0, 2, 0)
                            .with(0, Map.of(7, -100f, 2_000, 1f)),
                    vocabulary),
            new SamplerState(
                    new SamplingParams(1, 0, 0.5f, 0.01f, 1, 0, 3, 0).with(30, Map.of()),
                    vocabulary)
        };
        float[] result = new float[2 * states.length + 2 * states[0].reported()];
        int at = 0;
        try (Arena arena = Arena.ofShared()) {
            for (int step = 0; step < 2; step++) {
                Tensor logits =
                        backend.place(normal(arena, 4, states.length, vocabulary)); // the same ones
                for (SamplerState state : states) {
                    state.moveTo(0); // and the same random number
                }
                backend.sample(logits, states, states.length);
                for (SamplerState state : states) {
                    result[at++] = state.token();
                }
                for (int rank = 0; rank < states[0].reported(); rank++) {
                    result[at++] = states[0].topLogprob(rank);
                }
            }
        }
        return result;
    }

    private static float[] decode(
            ComputeBackend backend, int heads, int kvHeads, int headDim, int positions) {
        int[] lengths = {positions, positions / 2};
        int pagesPerSequence = KvShape.pagesFor(positions);
        int width = (heads + 2 * kvHeads) * headDim;
        KvShape shape = new KvShape(1, 2 * pagesPerSequence, kvHeads, headDim, DType.BF16);
        try (Arena arena = Arena.ofShared();
                KvCache kv = backend.allocateKv(shape);
                StepBatch batch = backend.allocateBatch(2 * positions, 2, pagesPerSequence)) {
            for (int page = 0; page < pagesPerSequence; page++) {
                batch.setPage(0, page, 2 * page + 1);
                batch.setPage(1, page, 2 * (pagesPerSequence - 1 - page));
            }
            float[] frequencies = new float[headDim / 2];
            for (int i = 0; i < frequencies.length; i++) {
                frequencies[i] = (float) Math.pow(10_000, -2.0 * i / headDim);
            }
            Tensor rope = backend.place(RopeTable.build(arena, frequencies, 1, positions));
            int before = 0;
            for (int sequence = 0; sequence < 2; sequence++) {
                for (int position = 0; position < lengths[sequence] - 1; position++) {
                    batch.add(0, position, sequence);
                    before++;
                }
            }
            Tensor prompt = backend.place(normal(arena, 1, before, width));
            backend.ropeAppend(prompt, rope, null, batch, kv, 0);
            batch.clear();
            for (int sequence = 0; sequence < 2; sequence++) {
                batch.add(0, lengths[sequence] - 1, sequence);
            }
            Tensor step = backend.place(normal(arena, 2, 2, width));
            backend.ropeAppend(step, rope, null, batch, kv, 0);
            Tensor out = backend.allocate(DType.F32, Shape.of(2, heads * headDim));
            backend.attention(step, AttentionOptions.of(headDim), batch, kv, 0, out);
            return read(backend, out, 2, heads * headDim);
        }
    }

    private static float[] read(ComputeBackend backend, Tensor tensor, int rows, int width) {
        float[] all = new float[rows * width];
        float[] row = new float[width];
        for (int i = 0; i < rows; i++) {
            backend.read(tensor, i, row);
            System.arraycopy(row, 0, all, i * width, width);
        }
        return all;
    }

    private static HostTensor normal(Arena arena, long seed, int rows, int width) {
        Random random = new Random(seed);
        HostTensor tensor = HostTensor.allocate(arena, DType.F32, Shape.of(rows, width));
        MemorySegment data = tensor.data();
        for (long i = 0; i < (long) rows * width; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return tensor;
    }
}
