package dev.longhand.kernels.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

class HostSamplerTest {
    private static final int SAMPLES = 20_000;

    /** Probabilities 0.5, 0.25, 0.15, 0.07, 0.03 at shuffled tokens. */
    private static final double[] PROBABILITIES = {0.15, 0.5, 0.03, 0.25, 0.07};

    private static SamplingParams params(float temperature, int topK, float topP, float minP) {
        return new SamplingParams(temperature, topK, topP, minP, 1, 0, 5, 0);
    }

    private static float[] logits() {
        float[] logits = new float[PROBABILITIES.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) Math.log(PROBABILITIES[i]) + 3;
        }
        return logits;
    }

    private static void sample(SamplerState state, float... logits) {
        try (Arena arena = Arena.ofConfined()) {
            HostTensor tensor = HostTensor.allocate(arena, DType.F32, Shape.of(1, logits.length));
            for (int i = 0; i < logits.length; i++) {
                tensor.set(i, logits[i]);
            }
            HostSampler.sample(tensor, new SamplerState[] {state}, 1);
        }
    }

    private static double[] frequencies(SamplingParams params) {
        SamplerState state = new SamplerState(params, PROBABILITIES.length);
        double[] counts = new double[PROBABILITIES.length];
        for (int i = 0; i < SAMPLES; i++) {
            state.moveTo(i);
            sample(state, logits());
            counts[state.token()] += 1.0 / SAMPLES;
        }
        return counts;
    }

    private static void assertFrequencies(double[] expected, double[] actual) {
        for (int i = 0; i < expected.length; i++) {
            // Four standard deviations of a binomial share.
            double spread = 4 * Math.sqrt(expected[i] * (1 - expected[i]) / SAMPLES);
            assertEquals(expected[i], actual[i], spread + 1e-12, "token " + i);
        }
    }

    @Test
    void temperatureOneDrawsTheDistributionItself() {
        assertFrequencies(PROBABILITIES, frequencies(params(1, 0, 1, 0)));
    }

    @Test
    void bannedTokensAreSampledFromTheirPositionOnly() {
        SamplingParams greedy = SamplingParams.GREEDY.with(0, Map.of(1, 5f, 2, 3f));
        SamplerState state = new SamplerState(greedy, 5, new int[] {3, 1, 3}, 10);
        float[] logits = {0, 1, 2, 9, 1};
        state.moveTo(9);
        sample(state, logits);
        assertEquals(2, state.token(), "2 + 3");
        state.moveTo(10);
        sample(state, logits);
        assertEquals(3, state.token());
        sample(state, 0, 1, 2, 5.5f, 1);
        assertEquals(1, state.token(), "1 + 5 again");
        SamplerState all = new SamplerState(params(1, 0, 1, 0), 5, new int[] {1, 3}, SAMPLES);
        for (int i = 0; i < SAMPLES; i++) {
            all.moveTo(i);
            sample(all, logits());
            assertTrue(all.token() != 1 && all.token() != 3);
        }
        int[] many = IntStream.range(0, LogitBiases.BANNED_MAX + 1).toArray();
        assertThrows(IllegalArgumentException.class, () -> new SamplerState(greedy, 9999, many, 1));
    }

    @Test
    void topKKeepsTheKLikeliest() {
        double[] expected = {0, 0.5 / 0.75, 0, 0.25 / 0.75, 0};
        assertFrequencies(expected, frequencies(params(1, 2, 1, 0)));
    }

    @Test
    void topPKeepsTheSmallestNucleus() {
        double[] expected = {0.15 / 0.9, 0.5 / 0.9, 0, 0.25 / 0.9, 0};
        assertFrequencies(expected, frequencies(params(1, 0, 0.8f, 0)));
        // After top-k 3 the mass is counted anew: 0.5 / 0.9 < 0.6 <= 0.75 / 0.9.
        double[] afterTopK = {0, 0.5 / 0.75, 0, 0.25 / 0.75, 0};
        assertFrequencies(afterTopK, frequencies(params(1, 3, 0.6f, 0)));
    }

    @Test
    void minPDropsWhatIsFarBelowTheBest() {
        double[] expected = {0.15 / 0.9, 0.5 / 0.9, 0, 0.25 / 0.9, 0};
        assertFrequencies(expected, frequencies(params(1, 0, 1, 0.2f)));
        assertFrequencies(expected, frequencies(params(1, 5, 1, 0.2f)));
    }

    @Test
    void temperatureSharpens() {
        double sum = 0;
        double[] expected = new double[PROBABILITIES.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = PROBABILITIES[i] * PROBABILITIES[i];
            sum += expected[i];
        }
        for (int i = 0; i < expected.length; i++) {
            expected[i] /= sum;
        }
        assertFrequencies(expected, frequencies(params(0.5f, 0, 1, 0)));
    }

    @Test
    void greedyTakesTheLargestAndTheFirstOfEquals() {
        SamplerState state = new SamplerState(SamplingParams.GREEDY, 4);
        sample(state, 1, 7, 7, 3);
        assertEquals(1, state.token());
    }

    @Test
    void sameSeedAndPositionDrawTheSameToken() {
        SamplerState one = new SamplerState(params(1, 0, 1, 0), 5);
        SamplerState other = new SamplerState(params(1, 0, 1, 0), 5);
        for (int i = 0; i < 100; i++) {
            one.moveTo(i);
            other.moveTo(i);
            sample(one, logits());
            sample(other, logits());
            assertEquals(one.token(), other.token());
        }
    }

    @Test
    void penaltiesFollowTheirDefinitions() {
        SamplerState state = new SamplerState(new SamplingParams(0, 0, 1, 0, 2, 1.5f, 0, 0), 4);
        state.observePrompt(0);
        sample(state, 4, 3, -1, -1.5f); // 4 / 2 = 2 < 3
        assertEquals(1, state.token());
        sample(state, 4, 3, -1, -1.5f); // 3 / 2 - 1.5 = 0 < 2
        assertEquals(0, state.token());
        sample(state, -1, 3, -1.2f, -9); // token 0: -1 * 2 - 1.5, token 1: 0, token 2: -1.2
        assertEquals(1, state.token());
    }

    @Test
    void frequencyPenaltiesGrowWithEveryTokenGenerated() {
        SamplingParams params = new SamplingParams(0, 0, 1, 0, 2, 0.25f, 0, 0).with(0.5f, Map.of());
        SamplerState state = new SamplerState(params, 3);
        state.observePrompt(1); // counts for the repetition penalty only
        sample(state, 4, 4.5f, -9); // 4, 4.5 / 2
        assertEquals(0, state.token());
        sample(state, 8, 6.4f, -9); // 8 / 2 - 0.5 - 0.25 = 3.25, 3.2
        assertEquals(0, state.token());
        sample(state, 8, 6.4f, -9); // 8 / 2 - 2 * 0.5 - 0.25 = 2.75, 3.2
        assertEquals(1, state.token());
        sample(state, 8, 7, -9); // 2.75, 7 / 2 - 0.5 - 0.25 = 2.75: the first of equals
        assertEquals(0, state.token());
        SamplerState rewarded = new SamplerState(params.with(-1, Map.of()), 3);
        sample(rewarded, 2, 1.9f, -9);
        sample(rewarded, 2, 1.9f, -9); // 2 / 2 + 1 - 0.25 = 1.75
        assertEquals(1, rewarded.token());
    }

    /** What vLLM's order gives: (2 - 1) / 2, where penalties first would give 2 / 2 - 1. */
    @Test
    void biasesComeBeforePenalties() {
        SamplingParams params =
                new SamplingParams(0, 0, 1, 0, 2, 0, 0, 0).with(0, Map.of(0, -1f, 2, 0.2f));
        SamplerState state = new SamplerState(params, 3);
        state.observePrompt(0);
        sample(state, 2, 0.4f, 0); // 0.5, 0.4, 0.2
        assertEquals(0, state.token());
    }

    @Test
    void aBiasOf100CommandsAndOneOfMinus100Bans() {
        SamplingParams params = params(1, 0, 1, 0).with(0, Map.of(0, -100f, 3, -100f));
        double[] expected = {0, 0.5 / 0.6, 0.03 / 0.6, 0, 0.07 / 0.6};
        assertFrequencies(expected, frequencies(params));
        double[] commanded = {0, 0, 1, 0, 0};
        assertFrequencies(commanded, frequencies(params(1, 0, 1, 0).with(0, Map.of(2, 100f))));
        // the odds of a token change by e^bias: 0.03 * e^2 of 0.97 + 0.03 * e^2
        double odds = 0.03 * Math.exp(2);
        double[] biased = PROBABILITIES.clone();
        biased[2] = odds;
        for (int i = 0; i < biased.length; i++) {
            biased[i] /= 0.97 + odds;
        }
        assertFrequencies(biased, frequencies(params(1, 0, 1, 0).with(0, Map.of(2, 2f))));
    }

    @Test
    void onlyAllowedTokensAreSampledWithTheOddsBetweenThem() {
        SamplerState state = new SamplerState(params(1, 0, 1, 0), PROBABILITIES.length);
        state.allow(new long[] {0b10101});
        double[] counts = new double[PROBABILITIES.length];
        for (int i = 0; i < SAMPLES; i++) {
            state.moveTo(i);
            sample(state, logits());
            counts[state.token()] += 1.0 / SAMPLES;
        }
        assertFrequencies(new double[] {0.15 / 0.25, 0, 0.03 / 0.25, 0, 0.07 / 0.25}, counts);
    }

    @Test
    void allowedTokensComeAfterPenaltiesAndBeforeTruncation() {
        // The token most in favour is not allowed, and would be all that top-k 1 keeps.
        SamplingParams params =
                new SamplingParams(1, 1, 0.1f, 0.9f, 2, 0, 5, 1).with(0, Map.of(1, 100f));
        SamplerState state = new SamplerState(params, PROBABILITIES.length);
        state.observePrompt(2);
        state.allow(new long[] {0b11000});
        sample(state, logits());
        assertEquals(3, state.token());
        assertEquals(1, state.topToken(0)); // of the model's own probabilities
        assertEquals(Math.log(0.25), state.tokenLogprob(), 1e-5);
        state.allow(null);
        sample(state, logits());
        assertEquals(1, state.token());
    }

    @Test
    void badBiasesAreRefusedByName() {
        SamplingParams plain = SamplingParams.GREEDY;
        refused("logit bias of token 7", () -> plain.with(0, Map.of(7, 100.5f)));
        refused("logit bias of token 7", () -> plain.with(0, Map.of(7, Float.NaN)));
        refused("token with a logit bias must be 0", () -> plain.with(0, Map.of(-1, 1f)));
        refused("frequency penalty", () -> plain.with(-101, Map.of()));
        Map<Integer, Float> many = new HashMap<>();
        for (int i = 0; i <= SamplingParams.LOGIT_BIAS_TOKENS_MAX; i++) {
            many.put(i, 1f);
        }
        refused("at most 300, not 301", () -> plain.with(0, many));
        refused("token 5 ", () -> new SamplerState(plain.with(0, Map.of(5, 1f)), 5));
    }

    private static void refused(String part, Executable call) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }

    @Test
    void logprobsAreOfTheModelAndLeaveOutPadding() {
        SamplingParams params = new SamplingParams(0, 0, 1, 0, 2, 0, 0, 3).with(0, Map.of(0, 50f));
        SamplerState state = new SamplerState(params, 5);
        state.observePrompt(1);
        float[] padded = new float[7];
        System.arraycopy(logits(), 0, padded, 0, 5);
        padded[5] = 100;
        padded[6] = 100;
        sample(state, padded);
        assertEquals(3, state.reported());
        assertEquals(0, state.token());
        int[] order = {1, 3, 0};
        for (int rank = 0; rank < 3; rank++) {
            assertEquals(order[rank], state.topToken(rank));
            assertEquals(Math.log(PROBABILITIES[order[rank]]), state.topLogprob(rank), 1e-6);
        }
    }

    /** Also of a token that is not reported, whose logit a bias and penalties have changed. */
    @Test
    void theTokenHasItsOwnLogprob() {
        SamplingParams params =
                new SamplingParams(0, 0, 1, 0, 1.5f, 0.5f, 0, 1).with(0.25f, Map.of(4, 30f));
        SamplerState state = new SamplerState(params, 5);
        state.observePrompt(4);
        for (int step = 0; step < 3; step++) {
            sample(state, logits());
            assertEquals(4, state.token());
            assertEquals(Math.log(PROBABILITIES[4]), state.tokenLogprob(), 1e-5);
            assertEquals(1, state.topToken(0));
        }
        state.force(2);
        sample(state, logits());
        assertEquals(Math.log(PROBABILITIES[2]), state.tokenLogprob(), 1e-5);
        state.force(1);
        sample(state, logits());
        assertEquals(state.topLogprob(0), state.tokenLogprob());
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aNonFiniteLogitFailsItsSlotOnly(float bad) {
        SamplerState damaged = new SamplerState(SamplingParams.GREEDY, 2);
        SamplerState healthy = new SamplerState(SamplingParams.GREEDY, 2);
        try (Arena arena = Arena.ofConfined()) {
            HostTensor logits = HostTensor.allocate(arena, DType.F32, Shape.of(2, 2));
            logits.set(1, bad);
            logits.set(3, 1);
            HostSampler.sample(logits, new SamplerState[] {damaged, healthy}, 2);
        }
        assertNotNull(damaged.failure());
        assertNull(healthy.failure());
        assertEquals(1, healthy.token());
    }

    @ParameterizedTest
    @ValueSource(floats = {-1, Float.NaN, Float.POSITIVE_INFINITY})
    void badTemperaturesAreRefusedByName(float temperature) {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> params(temperature, 0, 1, 0));
        assertTrue(e.getMessage().contains("temperature"));
    }

    @Test
    void philoxMatchesItsPublishedVectors() {
        // Random123's known answers for philox4x32-10: words 0 and 1.
        assertEquals(0x6627e8d5_e169c58dL, Philox.block(0, 0, 0));
        assertEquals(0x408f276d_41c83b0eL, Philox.block(-1, -1, -1));
    }

    @Test
    void samplesAreSpread() {
        TreeSet<Long> seen = new TreeSet<>();
        double sum = 0;
        for (int i = 0; i < 10_000; i++) {
            long number = Philox.below(1L << 62, 42, i);
            assertTrue(number >= 0 && number < 1L << 62);
            seen.add(number);
            sum += number * 0x1p-62;
        }
        assertEquals(10_000, seen.size());
        assertEquals(0.5, sum / 10_000, 0.012);
    }
}
