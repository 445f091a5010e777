package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.sampling.HostSampler;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The device samples what the host samples: token, reported tokens and log-probabilities, bit for
 * bit, over steps in which the histories grow, in any order of the device's warps and without
 * findings.
 */
class CudaSamplerTest {
    private static final long[] ORDERS = {0, 1, 20_261_124};
    private static final int STEPS = 2;
    private static final float[] TEMPERATURES = {0, 1e-4f, 0.7f, 1, 100};
    private static final int[] TOP_KS = {0, 0, 1, 2, 20, 1_500, Integer.MAX_VALUE};
    private static final float[] TOP_PS = {1, 1, 1e-9f, 0.3f, 0.95f, 0.999f};
    private static final float[] MIN_PS = {0, 0, 0.05f, 1};
    private static final float[] REPETITIONS = {1, 1.3f, 0.5f};
    private static final float[] PRESENCES = {0, 0.5f, -2};
    private static final float[] FREQUENCIES = {0, 0, 0.3f, -1.7f};
    private static final float[] BIASES = {-100, -1.3f, 0, 0.7f, 100};
    private static final int[] REPORTED = {0, 0, 1, 7, 100};

    /** How logits lie. */
    private enum Logits {
        NORMAL {
            @Override
            float next(Random random, int token) {
                return (float) random.nextGaussian() * 3;
            }
        },
        TIED {
            @Override
            float next(Random random, int token) {
                return random.nextInt(5) - 2;
            }
        },
        EQUAL {
            @Override
            float next(Random random, int token) {
                return -7.25f;
            }
        },
        /** 40 threads have all that is likely, more than the list holds. */
        STRIDE {
            @Override
            float next(Random random, int token) {
                return token % 1024 < 40 ? 5 + token % 7 : -5;
            }
        },
        /** Masked by the lowest number there is, or nearly; zeros of both signs. */
        MASKED {
            @Override
            float next(Random random, int token) {
                return switch (random.nextInt(4)) {
                    case 0 -> -Float.MAX_VALUE;
                    case 1 -> -1e30f;
                    case 2 -> -0.0f;
                    default -> 0;
                };
            }
        };

        abstract float next(Random random, int token);
    }

    private static SamplingParams any(Random random, int vocabulary) {
        return new SamplingParams(
                        TEMPERATURES[random.nextInt(TEMPERATURES.length)],
                        TOP_KS[random.nextInt(TOP_KS.length)],
                        TOP_PS[random.nextInt(TOP_PS.length)],
                        MIN_PS[random.nextInt(MIN_PS.length)],
                        REPETITIONS[random.nextInt(REPETITIONS.length)],
                        PRESENCES[random.nextInt(PRESENCES.length)],
                        random.nextLong(),
                        REPORTED[random.nextInt(REPORTED.length)])
                .with(FREQUENCIES[random.nextInt(FREQUENCIES.length)], biases(random, vocabulary));
    }

    /** None, a few, or as many as there may be. */
    private static Map<Integer, Float> biases(Random random, int vocabulary) {
        int count = new int[] {0, 0, 3, SamplingParams.LOGIT_BIAS_TOKENS_MAX}[random.nextInt(4)];
        Map<Integer, Float> biases = new HashMap<>();
        for (int i = 0; i < count; i++) {
            biases.put(random.nextInt(vocabulary), BIASES[random.nextInt(BIASES.length)]);
        }
        return biases;
    }

    /** A state that has seen a prompt of a fifth of its vocabulary, at most 300 tokens. */
    private static SamplerState state(SamplingParams params, int vocabulary) {
        SamplerState state = new SamplerState(params, vocabulary);
        Random random = new Random(params.seed());
        for (int i = 0; i < Math.min(300, vocabulary / 5); i++) {
            state.observePrompt(random.nextInt(vocabulary));
        }
        return state;
    }

    private static HostTensor tensor(Arena arena, int rows, int width, Logits how, long seed) {
        Random random = new Random(seed);
        HostTensor tensor = HostTensor.allocate(arena, DType.F32, Shape.of(rows, width));
        for (int row = 0; row < rows; row++) {
            for (int token = 0; token < width; token++) {
                float logit = how.next(random, token);
                tensor.data().setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * width + token, logit);
            }
        }
        return tensor;
    }

    private static void assertSame(
            SamplerState expected, SamplerState actual, SamplingParams params) {
        if (expected.failure() != null) { // a penalty made the lowest number infinite
            assertNotNull(actual.failure());
            assertEquals(expected.failure().getMessage(), actual.failure().getMessage());
            return;
        }
        assertNull(actual.failure());
        assertEquals(expected.token(), actual.token(), params::toString);
        assertEquals(expected.tokenLogprob(), actual.tokenLogprob(), params::toString);
        for (int rank = 0; rank < expected.reported(); rank++) {
            assertEquals(expected.topToken(rank), actual.topToken(rank), params::toString);
            assertEquals(expected.topLogprob(rank), actual.topLogprob(rank), params::toString);
        }
    }

    /** Rows of any parameters, sampled on both sides, with 3 tokens of padding. */
    private static void compare(long order, int vocabulary, int rows, Logits how) {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        device.seed(order);
        Random random = new Random(vocabulary);
        List<SamplingParams> params = new ArrayList<>();
        SamplerState[] expected = new SamplerState[rows];
        SamplerState[] actual = new SamplerState[rows];
        for (int i = 0; i < rows; i++) {
            params.add(any(random, vocabulary));
            expected[i] = state(params.get(i), vocabulary);
            actual[i] = state(params.get(i), vocabulary);
        }
        try (CudaBackend backend = new CudaBackend(device.library(), 0);
                Arena arena = Arena.ofShared()) {
            for (int step = 0; step < STEPS; step++) {
                for (int i = 0; i < rows; i++) {
                    expected[i].moveTo(300 + step);
                    actual[i].moveTo(300 + step);
                    // The forced token, not the sampled one, enters the history.
                    int forced = step == 0 && i % 3 == 0 ? (7 * i + 1) % vocabulary : -1;
                    expected[i].force(forced);
                    actual[i].force(forced);
                    long[] allowed = forced >= 0 ? null : allowed(random, vocabulary);
                    expected[i].allow(allowed);
                    actual[i].allow(allowed);
                }
                HostTensor logits = tensor(arena, rows, vocabulary + 3, how, step);
                backend.sample(backend.place(logits), actual, rows);
                HostSampler.sample(logits, expected, rows);
                for (int i = 0; i < rows; i++) {
                    assertSame(expected[i], actual[i], params.get(i));
                    // the lowest number there is, is that of the tokens that are not allowed
                    boolean lowest = how == Logits.MASKED;
                    assertTrue(lowest || isAllowed(actual[i]), params.get(i)::toString);
                    assertTrue(step > 0 || i % 3 > 0 || takes(actual[i], (7 * i + 1) % vocabulary));
                }
            }
        }
        assertEquals(List.of(), device.findings());
        assertEquals(0, device.live());
    }

    /** Every token, one, a few neighbours, or about half of them. */
    private static long[] allowed(Random random, int vocabulary) {
        int kind = random.nextInt(5);
        long[] words = new long[Math.ceilDiv(vocabulary, Long.SIZE)];
        int first = random.nextInt(vocabulary);
        int last = kind == 3 ? Math.min(first + 100, vocabulary - 1) : first;
        for (int token = 0; token < vocabulary; token++) {
            if ((token >= first && token <= last) || (kind == 4 && random.nextBoolean())) {
                words[token / Long.SIZE] |= 1L << token;
            }
        }
        return kind < 2 ? null : words;
    }

    private static boolean isAllowed(SamplerState state) {
        long[] allowed = state.allowed();
        return allowed == null
                || state.failure() != null
                || (allowed[state.token() / Long.SIZE] >>> state.token() & 1) != 0;
    }

    private static boolean takes(SamplerState state, int token) {
        return state.failure() != null || state.token() == token;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 997, 4_096, 5_001})
    void samplesWhatTheHostSamples(int vocabulary) {
        for (Logits how : Logits.values()) {
            compare(ORDERS[how.ordinal() % ORDERS.length], vocabulary, 12, how);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, NORMAL", "1, NORMAL", "2, NORMAL", "0, EQUAL", "1, STRIDE", "2, TIED"})
    void samplesWhatTheHostSamplesFromTheVocabularyOfQwen(int order, Logits how) {
        compare(ORDERS[order], 152_064, 6, how);
    }

    /** Of two bad logits the first is named; the other rows are sampled as if they were alone. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aNonFiniteLogitFailsItsRowOnly(float bad) {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        device.seed(1);
        try (CudaBackend backend = new CudaBackend(device.library(), 0);
                Arena arena = Arena.ofShared()) {
            SamplingParams params = new SamplingParams(1, 0, 1, 0, 1.1f, 0, 7, 5);
            SamplerState[] states = new SamplerState[3];
            for (int i = 0; i < states.length; i++) {
                states[i] = state(params, 5_000);
                states[i].moveTo(i);
            }
            HostTensor logits = tensor(arena, 3, 5_000, Logits.NORMAL, 3);
            logits.set(5_000 + 4_321, bad);
            logits.set(5_000 + 4_323, Float.NaN);
            backend.sample(backend.place(logits), states, 3);
            assertNotNull(states[1].failure());
            String message = states[1].failure().getMessage();
            assertTrue(message.contains("token 4321 is " + bad), message);
            for (int neighbour : new int[] {0, 2}) {
                assertNull(states[neighbour].failure());
                SamplerState alone = state(params, 5_000);
                alone.moveTo(neighbour);
                HostTensor all = tensor(arena, 3, 5_000, Logits.NORMAL, 3);
                HostTensor one = HostTensor.allocate(arena, DType.F32, Shape.of(1, 5_000));
                one.data().copyFrom(all.data().asSlice(neighbour * 20_000L, 20_000));
                backend.sample(backend.place(one), new SamplerState[] {alone}, 1);
                assertSame(alone, states[neighbour], params);
            }
        }
        assertEquals(List.of(), device.findings());
    }

    /** States of a sequence with draft tokens share its biases, its bans and one place. */
    @Test
    void chainedStatesHaveTheBiasesOfTheirSequence() {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        device.seed(1);
        SamplingParams params =
                new SamplingParams(0.9f, 20, 1, 0, 1, 0, 7, 3).with(0, Map.of(3, 12f, 40, -100f));
        SamplerState[] expected = chain(params, 300, 3);
        SamplerState[] actual = chain(params, 300, 3);
        try (CudaBackend backend = new CudaBackend(device.library(), 0);
                Arena arena = Arena.ofShared()) {
            int counted = 0;
            for (int step = 0; step < 20; step++) {
                HostTensor logits = tensor(arena, 4, 300, Logits.NORMAL, step);
                for (int i = 0; i < 4; i++) {
                    expected[i].moveTo(4 * step + i);
                    actual[i].moveTo(4 * step + i);
                }
                backend.sample(backend.place(logits), actual, 4);
                HostSampler.sample(logits, expected, 4);
                for (int i = 0; i < 4 && expected[i].counts(); i++) {
                    assertTrue(actual[i].counts());
                    assertSame(expected[i], actual[i], params);
                    counted++;
                }
            }
            assertTrue(counted > 26, counted + " samples: drafts came true");
        }
        assertEquals(List.of(), device.findings());
    }

    private static SamplerState[] chain(SamplingParams params, int vocabulary, int draft) {
        SamplerState[] states = new SamplerState[4];
        states[0] = new SamplerState(params, vocabulary, new int[] {draft, 7, 299}, 22);
        for (int i = 1; i < states.length; i++) {
            states[i] = new SamplerState(states[i - 1]);
            states[i].follow(draft);
        }
        return states;
    }

    /** More sequences than places, in turn: each is sampled with its own history and counts. */
    @Test
    void historiesOfSequencesThatTakeTurnsAreTheirOwn() {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        device.seed(0);
        SamplingParams params =
                new SamplingParams(1, 0, 1, 0, 1.1f, 0.1f, 7, 0)
                        .with(-0.4f, Map.of(3, 1f, 40, -1f));
        SamplerState[] actual = new SamplerState[5];
        SamplerState[] expected = new SamplerState[actual.length];
        for (int i = 0; i < actual.length; i++) {
            actual[i] = state(params, 300);
            expected[i] = state(params, 300);
        }
        try (CudaBackend backend = new CudaBackend(device.library(), 0);
                Arena arena = Arena.ofShared()) {
            for (int step = 0; step < 60; step++) {
                int one = step % actual.length;
                int other = (step * step + 1 + one) % actual.length;
                if (one == other) {
                    continue;
                }
                HostTensor logits = tensor(arena, 2, 300, Logits.TIED, 8);
                SamplerState[] pair = {actual[one], actual[other]};
                for (int i : new int[] {one, other}) {
                    actual[i].moveTo(step);
                    expected[i].moveTo(step);
                }
                backend.sample(backend.place(logits), pair, 2);
                HostSampler.sample(logits, new SamplerState[] {expected[one], expected[other]}, 2);
                assertSame(expected[one], actual[one], params);
                assertSame(expected[other], actual[other], params);
            }
        }
        assertEquals(List.of(), device.findings());
    }
}
