package dev.longhand.kernels.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.Map;

/** States of one step and one sequence: only those whose draft token was sampled count. */
class DraftSamplingTest {
    private static SamplerState[] chain(SamplingParams params, int vocabulary, int... drafts) {
        SamplerState[] states = new SamplerState[1 + drafts.length];
        states[0] = new SamplerState(params, vocabulary);
        for (int i = 0; i < drafts.length; i++) {
            states[1 + i] = new SamplerState(states[i]);
            states[1 + i].follow(drafts[i]);
        }
        return states;
    }

    private static void sample(SamplerState[] states, float[]... rows) {
        try (Arena arena = Arena.ofConfined()) {
            int width = rows[0].length;
            HostTensor logits = HostTensor.allocate(arena, DType.F32, Shape.of(rows.length, width));
            for (int i = 0; i < rows.length * width; i++) {
                logits.set(i, rows[i / width][i % width]);
            }
            HostSampler.sample(logits, states, rows.length);
        }
    }

    @Test
    void whatFollowsARejectedDraftDoesNotCount() {
        SamplerState[] states = chain(SamplingParams.GREEDY, 3, 1, 0, 0);
        sample(
                states,
                new float[] {0, 9, 0},
                new float[] {0, 0, 9}, // 2, where the draft is 0
                new float[] {9, 0, 0},
                new float[] {9, 0, 0});
        assertTrue(states[0].counts() && states[1].counts());
        assertFalse(states[2].counts());
        assertFalse(states[3].counts(), "even where its own draft would fit");
        assertEquals(1, states[0].token());
        assertEquals(2, states[1].token());
    }

    @Test
    void penaltiesKnowExactlyTheTokensThatCount() {
        SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 2, 0, 0);
        SamplerState[] states = chain(params, 3, 2, 2, 0);
        float[] logits = {0, 1, 2.5f};
        // 2.5 for token 2 first, 0.5 once it was generated: then token 1, and the rest is void.
        sample(states, logits, logits, logits, logits);
        assertEquals(2, states[0].token());
        assertEquals(1, states[1].token());
        assertFalse(states[2].counts());
        sample(states, logits); // tokens 2 and 1 are known: 0, -1, 0.5
        assertEquals(2, states[0].token());
        sample(states, new float[] {0.1f, 1, 2});
        assertEquals(0, states[0].token(), "had a void state sampled token 0, it were -1.9");
    }

    @Test
    void frequenciesCountExactlyTheTokensThatCount() {
        SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0).with(1, Map.of(1, 0.5f));
        SamplerState[] states = chain(params, 3, 2, 2, 2);
        float[] logits = {0, 0, 2.25f}; // with the bias 0, 0.5, 2.25
        // 2.25 and 1.25 for token 2, then 0.25: token 1, and the rest is void.
        sample(states, logits, logits, logits, logits);
        assertEquals(2, states[1].token());
        assertEquals(1, states[2].token());
        assertFalse(states[3].counts());
        sample(states, new float[] {0, 0.875f, 2.25f}); // 0, 0.375, 0.25
        assertEquals(1, states[0].token());
        sample(states, new float[] {0, 1.25f, 2.25f}); // 0, 1.25 + 0.5 - 2, 0.25
        assertEquals(2, states[0].token());
    }

    @Test
    void aFailureCountsOnlyWhereItsDraftWasSampled() {
        SamplerState[] states = chain(SamplingParams.GREEDY, 2, 0, 0);
        sample(states, new float[] {0, 1}, new float[] {Float.NaN, 0}, new float[] {1, 0});
        assertFalse(states[1].counts());
        states[1].follow(1);
        sample(states, new float[] {0, 1}, new float[] {Float.NaN, 0}, new float[] {1, 0});
        assertTrue(states[1].counts());
        assertNotNull(states[1].failure());
        assertFalse(states[2].counts());
        states[1].follow(1);
        assertNull(states[1].failure());
    }
}
