package dev.longhand.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.decode.OutputControls;
import dev.longhand.engine.decode.OutputLimit;
import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.decode.SequenceSamples;
import dev.longhand.engine.decode.StopCondition;
import dev.longhand.engine.decode.StopRules;
import dev.longhand.engine.decode.TokenLog;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.FutureTask;

/** Another thread closes the queue between the device thread's look at an entry and its removal. */
class AdmissionQueueTest {
    private final AdmissionQueue queue = new AdmissionQueue(8, new RetryAfterEstimate());

    private static Sequence sequence(TokenLog log) {
        int[] prompt = {1};
        SamplerState sampler = new SamplerState(SamplingParams.GREEDY, 10);
        return new Sequence(
                prompt,
                AdapterUse.none(),
                new OutputLimit(1, true, FinishReason.LENGTH),
                new SequenceSamples(prompt, sampler, Speculation.OFF, null),
                new OutputControls(
                        new StopCondition(StopRules.of(List.of()), null, null),
                        null,
                        null,
                        null,
                        Timeouts.NONE),
                null,
                log);
    }

    @Test
    void aSequenceStaysInItsPlaceWhenTheQueueCloses() {
        TokenLog begun = new TokenLog(1, 0);
        TokenLog waiting = new TokenLog(1, 0);
        Sequence first = sequence(begun);
        queue.submit(List.of(first, sequence(waiting)));
        assertSame(first, queue.next());
        queue.close();
        queue.begins(first);
        assertNull(begun.reason());
        assertNull(waiting.reason());
        assertNull(queue.next(), "a closed queue admits nothing");
        assertThrows(IllegalStateException.class, () -> queue.submit(List.of(first)));
        queue.cancelAll();
        assertNull(begun.reason(), "it has left the queue");
        assertEquals(FinishReason.CANCELLED, waiting.reason());
        assertEquals(0, queue.depth());
        queue.cancelAll();
    }

    @Test
    void anActionStaysInItsPlaceWhenTheQueueCloses() {
        FutureTask<?> first = new FutureTask<>(() -> null);
        FutureTask<?> second = new FutureTask<>(() -> null);
        queue.submitAlone(first);
        queue.submitAlone(second);
        assertSame(first, queue.nextAlone());
        queue.close();
        queue.removeAlone();
        assertNull(queue.nextAlone(), "a closed queue runs nothing");
        assertThrows(IllegalStateException.class, () -> queue.submitAlone(first));
        queue.cancelAll();
        assertFalse(first.isCancelled());
        assertTrue(second.isCancelled());
    }
}
