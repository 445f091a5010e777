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

/** Slots of one step and one sequence: only those whose guess came true draw. */
class FollowingSlotsTest {
    private static SampleSlot[] chain(SamplingParams params, int vocabulary, int... guesses) {
        SampleSlot[] slots = new SampleSlot[1 + guesses.length];
        slots[0] = new SampleSlot(params, vocabulary);
        for (int i = 0; i < guesses.length; i++) {
            slots[1 + i] = new SampleSlot(slots[i]);
            slots[1 + i].follow(guesses[i]);
        }
        return slots;
    }

    private static void sample(SampleSlot[] slots, float[]... rows) {
        try (Arena arena = Arena.ofConfined()) {
            int width = rows[0].length;
            HostTensor logits = HostTensor.allocate(arena, DType.F32, Shape.of(rows.length, width));
            for (int i = 0; i < rows.length * width; i++) {
                logits.set(i, rows[i / width][i % width]);
            }
            HostSampler.sample(logits, slots, rows.length);
        }
    }

    @Test
    void whatFollowsAWrongGuessDoesNotCount() {
        SampleSlot[] slots = chain(SamplingParams.GREEDY, 3, 1, 0, 0);
        sample(
                slots,
                new float[] {0, 9, 0},
                new float[] {0, 0, 9}, // 2, where 0 was guessed
                new float[] {9, 0, 0},
                new float[] {9, 0, 0});
        assertTrue(slots[0].counts() && slots[1].counts());
        assertFalse(slots[2].counts());
        assertFalse(slots[3].counts(), "even where its own guess would fit");
        assertEquals(1, slots[0].token());
        assertEquals(2, slots[1].token());
    }

    @Test
    void penaltiesKnowExactlyTheTokensThatCount() {
        SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 2, 0, 0);
        SampleSlot[] slots = chain(params, 3, 2, 2, 0);
        float[] logits = {0, 1, 2.5f};
        // 2.5 for token 2 first, 0.5 once it was generated: then token 1, and the rest is void.
        sample(slots, logits, logits, logits, logits);
        assertEquals(2, slots[0].token());
        assertEquals(1, slots[1].token());
        assertFalse(slots[2].counts());
        sample(slots, logits); // tokens 2 and 1 are known: 0, -1, 0.5
        assertEquals(2, slots[0].token());
        sample(slots, new float[] {0.1f, 1, 2});
        assertEquals(0, slots[0].token(), "had token 0 been drawn by a void slot, it were -1.9");
    }

    @Test
    void frequenciesCountExactlyTheTokensThatCount() {
        SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0).with(1, Map.of(1, 0.5f));
        SampleSlot[] slots = chain(params, 3, 2, 2, 2);
        float[] logits = {0, 0, 2.25f}; // with the bias 0, 0.5, 2.25
        // 2.25 and 1.25 for token 2, then 0.25: token 1, and the rest is void.
        sample(slots, logits, logits, logits, logits);
        assertEquals(2, slots[1].token());
        assertEquals(1, slots[2].token());
        assertFalse(slots[3].counts());
        sample(slots, new float[] {0, 0.875f, 2.25f}); // 0, 0.375, 0.25
        assertEquals(1, slots[0].token());
        sample(slots, new float[] {0, 1.25f, 2.25f}); // 0, 1.25 + 0.5 - 2, 0.25
        assertEquals(2, slots[0].token());
    }

    @Test
    void aFailureCountsOnlyWhereItsGuessCameTrue() {
        SampleSlot[] slots = chain(SamplingParams.GREEDY, 2, 0, 0);
        sample(slots, new float[] {0, 1}, new float[] {Float.NaN, 0}, new float[] {1, 0});
        assertFalse(slots[1].counts());
        slots[1].follow(1);
        sample(slots, new float[] {0, 1}, new float[] {Float.NaN, 0}, new float[] {1, 0});
        assertTrue(slots[1].counts());
        assertNotNull(slots[1].failure());
        assertFalse(slots[2].counts());
        slots[1].follow(1);
        assertNull(slots[1].failure());
    }
}
