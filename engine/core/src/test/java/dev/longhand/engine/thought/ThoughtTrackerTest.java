package dev.longhand.engine.thought;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Thoughts with the demo's tokenizer, where every marker is ordinary text of several tokens. */
class ThoughtTrackerTest {
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");
    private static final ThoughtMarkers MARKERS = ThoughtMarkers.SKY_T1;

    private static Tokenizer tokenizer;

    @BeforeAll
    static void open() {
        tokenizer = Tokenizer.open(DEMO).orElseThrow();
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    private static ThoughtTracker tracker(@Nullable Integer budget, String prompt) {
        return tracking(new Thinking(budget, MARKERS), prompt);
    }

    private static ThoughtTracker tracking(Thinking thinking, String prompt) {
        MarkerChoice choice = MarkerChoice.ofModel(tokenizer, false).of(thinking, tokenizer);
        ThoughtRules rules = new ThoughtRules(thinking, choice, tokenizer);
        return new ThoughtTracker(rules, tokenizer.table(), tokenizer.encode(prompt));
    }

    private static void accept(ThoughtTracker tracker, String text) {
        for (int token : tokenizer.encode(text)) {
            tracker.accept(token);
        }
    }

    @Test
    void aThoughtOfTheOutput() {
        ThoughtTracker tracker = tracker(null, "Question");
        assertFalse(tracker.begun());
        int[] opening = tokenizer.encode("<|begin_of_thought|>");
        int[] thought = tokenizer.encode("\n\nWait. 2 + 2 = 4\n\n<|end_of_thought|>");
        int[] answer = tokenizer.encode("\n\nThe answer is 4.<|begin_of_thought|>");
        accept(tracker, "<|begin_of_thought|>");
        assertTrue(tracker.thinking());
        assertEquals(0, tracker.answerTokens());
        for (int token : thought) {
            assertTrue(tracker.thinking());
            tracker.accept(token);
        }
        assertFalse(tracker.thinking());
        for (int token : answer) {
            tracker.accept(token);
            assertFalse(tracker.thinking(), "markers after the thought are text");
        }
        assertEquals(opening.length, tracker.firstToken());
        assertEquals(thought.length, tracker.thoughtTokens());
        assertEquals(answer.length, tracker.answerTokens());
        int last = thought[thought.length - 1];
        assertEquals(tokenizer.table().length(last), tracker.endBytes());
    }

    @Test
    void aThoughtThatThePromptBegan() {
        assertTrue(tracker(null, "Question<|begin_of_thought|>").thinking());
        assertTrue(tracker(null, "Question<|begin_of_thought|>\n\n \t").thinking());
        assertFalse(tracker(null, "<|begin_of_thought|> and more").thinking());
        assertFalse(tracker(null, "begin_of_thought|>").thinking());
        ThoughtMarkers atOnce = ThoughtMarkers.of("", "</think>");
        assertTrue(tracking(new Thinking(null, atOnce), "Question").thinking());
    }

    /** Sky-T1 and s1 have the vocabulary and the template of their base. */
    @Test
    void theMarkersThatComeFirstCount() {
        MarkerChoice model = MarkerChoice.ofModel(tokenizer, false);
        assertEquals(List.of(ThoughtMarkers.SKY_T1, ThoughtMarkers.S1), model.markers());
        assertEquals(Set.of(tokenizer.encode("<|im_start|>")[0]), model.shownTokens());
        for (ThoughtMarkers markers : model.markers()) {
            ThoughtTracker tracker = tracking(Thinking.DEFAULT, "Question");
            accept(tracker, markers.begin());
            assertTrue(tracker.thinking());
            for (ThoughtMarkers other : model.markers()) {
                if (other != markers) {
                    accept(tracker, other.end());
                    assertTrue(tracker.thinking(), "an end of other thoughts");
                }
            }
            accept(tracker, markers.end());
            assertFalse(tracker.thinking());
            assertTrue(tracking(Thinking.DEFAULT, "Question" + markers.begin()).thinking());
            ThoughtTracker spent = tracking(Thinking.budget(0), "Question" + markers.begin());
            assertEquals(tokenizer.encode(markers.closing())[0], spent.forced());
        }
        assertEquals(
                ThoughtMarkers.THINK, MarkerChoice.ofModel(tokenizer, true).markers().getFirst());
    }

    @Test
    void anOutputWithoutAThoughtIsTheAnswer() {
        ThoughtTracker tracker = tracker(3, "Question");
        accept(tracker, "The answer is <|begin_of_ 17.");
        assertFalse(tracker.begun());
        assertEquals(-1, tracker.forced());
        assertEquals(
                tokenizer.encode("The answer is <|begin_of_ 17.").length, tracker.answerTokens());
    }

    /** Returns the text that is forced after {@code drawn} has used up the budget. */
    private static String closing(String drawn) {
        int[] tokens = tokenizer.encode(drawn);
        ThoughtTracker tracker = tracker(tokens.length, "<|begin_of_thought|>");
        for (int i = 0; i < tokens.length; i++) {
            assertEquals(-1, tracker.forced());
            assertEquals(tokens.length - i - 1, tracker.draftMax());
            tracker.accept(tokens[i]);
        }
        int[] forced = new int[100];
        int count = 0;
        while (tracker.forced() >= 0) {
            assertEquals(0, tracker.draftMax());
            forced[count++] = tracker.forced();
            tracker.accept(tracker.forced());
        }
        assertFalse(tracker.thinking());
        assertEquals(Integer.MAX_VALUE, tracker.draftMax());
        assertEquals(
                tokens.length + count, tracker.thoughtTokens() + tracker.answerTokens(), drawn);
        return tokenizer.decode(Arrays.copyOf(forced, count));
    }

    @Test
    void aSpentBudgetIsClosed() {
        assertEquals(MARKERS.closing(), closing("Let me think about it"));
        assertEquals(MARKERS.closing(), closing("")); // a budget of 0
    }

    @Test
    void aMarkerThatHasBegunIsCompleted() {
        String rest = "\n\n<|begin_of_solution|>\n\n";
        for (int cut = 1; cut < MARKERS.end().length(); cut++) {
            String begun = MARKERS.end().substring(0, cut);
            assertEquals(MARKERS.end().substring(cut) + rest, closing("So 3 " + begun), begun);
        }
    }

    @Test
    void aThoughtThatEndsInTimeIsLeftAlone() {
        int[] thought = tokenizer.encode("Hmm.<|end_of_thought|>");
        ThoughtTracker tracker = tracker(thought.length, "<|begin_of_thought|>");
        for (int token : thought) {
            assertEquals(-1, tracker.forced());
            tracker.accept(token);
        }
        assertEquals(-1, tracker.forced());
        assertEquals(thought.length, tracker.thoughtTokens());
    }

    @Test
    void theBudgetCountsFromTheMarkerOn() {
        ThoughtTracker tracker = tracker(2, "Question");
        assertEquals(2, tracker.draftMax());
        accept(tracker, "<|begin_of_thought|>");
        assertEquals(1, tracker.draftMax());
        tracker.accept(tokenizer.encode("a")[0]);
        assertEquals(-1, tracker.forced());
        tracker.accept(tokenizer.encode("b")[0]);
        assertArrayEquals(
                new int[] {tokenizer.encode(MARKERS.closing())[0]}, new int[] {tracker.forced()});
    }

    @Test
    void badMarkersAndBudgets() {
        assertThrows(InputException.class, () -> Thinking.budget(-1));
        assertThrows(InputException.class, () -> ThoughtMarkers.of("<think>", ""));
        assertThrows(InputException.class, () -> ThoughtMarkers.of("\n", "</think>"));
        assertThrows(InputException.class, () -> new ThoughtMarkers("a", "b", "c"));
        assertThrows(InputException.class, () -> ThoughtMarkers.of("a".repeat(1025), "b"));
    }

    @Test
    void takingTokensInAllocatesNothing() {
        int[] tokens = tokenizer.encode("Wait, 3 < 4 <|end_of_ and so on.\n\n");
        ThoughtTracker thought = tracker(1 << 30, "<|begin_of_thought|>");
        LoopDetector loops = new LoopDetector(LoopRule.DEFAULT, tokenizer.table());
        boolean ended = false;
        for (int i = 0; i < 20_000; i++) {
            thought.accept(tokens[i % tokens.length]);
            ended |= loops.accept(i % 7919);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            thought.accept(tokens[i % tokens.length]);
            ended |= loops.accept(i % 7919);
        }
        assertEquals(0, threads.getCurrentThreadAllocatedBytes() - before);
        assertTrue(thought.thinking());
        assertFalse(ended);
    }

    /** Every suffix of it took an encoding once: seconds of work for a request of 2 kB. */
    @Test
    void aLongEndMarkerTakesFewEncodings() {
        ThoughtMarkers markers = ThoughtMarkers.of("", "\u00e9".repeat(1000));
        MarkerChoice choice = new MarkerChoice(List.of(markers), Set.of());
        ThoughtRules rules = new ThoughtRules(new Thinking(0, markers), choice, tokenizer);
        int whole = tokenizer.encode(markers.closing()).length;
        assertTrue(rules.forcedTokens().length <= 33 * whole);
        assertArrayEquals(tokenizer.encode(markers.closing()), rules.closing(0, 0));
        assertTrue(rules.closing(0, 2).length < whole, "completes the marker");
        assertEquals(
                33, IntStream.range(0, 2000).mapToObj(i -> rules.closing(0, i)).distinct().count());
    }
}
