package dev.longhand.study.keywords;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Random;

/** Counting a text in pieces gives the counts of the whole text. */
class KeywordCounterTest {
    private static final List<String> WORDS =
            List.of(
                    "wait",
                    "Wait,",
                    "let me",
                    "double-check",
                    "let me double-check",
                    "just",
                    "let me just double-check",
                    "hold",
                    "on",
                    "second thought",
                    "on second thought",
                    "maybe",
                    "maybes",
                    "hmm",
                    "HMM",
                    "é",
                    "\n",
                    "let me check",
                    "let me check-up");

    @Test
    void piecesCountLikeTheWhole() {
        Random random = new Random(6);
        for (int run = 0; run < 200; run++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(800); i > 0; i--) {
                text.append(WORDS.get(random.nextInt(WORDS.size())));
                text.append(random.nextInt(5) == 0 ? "" : " ");
            }
            KeywordCounter counter = new KeywordCounter();
            for (int at = 0; at < text.length(); ) {
                int next = Math.min(text.length(), at + random.nextInt(12));
                counter.append(text.substring(at, next));
                at = next;
            }
            assertEquals(
                    ReflectionKeywords.count(text.toString()), counter.finish().total(), "" + text);
        }
    }

    @Test
    void everyPhraseIsCountedByItself() {
        KeywordCounter counter = new KeywordCounter();
        counter.append("Hmm, wait. Let me just double-check. Wait! Let me double-check. Hold on");
        assertEquals(
                Map.of(
                        "let me just double-check", 1,
                        "let me double-check", 1,
                        "hold on", 1,
                        "wait", 2,
                        "hmm", 1),
                counter.finish().byPhrase());
        for (String phrase : ReflectionKeywords.PHRASES) {
            KeywordCounter one = new KeywordCounter();
            one.append(phrase);
            assertEquals(Map.of(phrase, 1), one.finish().byPhrase());
        }
        assertEquals(19, ReflectionKeywords.PHRASES.size());
    }
}
