package dev.longhand.study.perturb;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.study.format.Span;
import dev.longhand.study.keywords.KeywordList;
import dev.longhand.study.segment.TaggedAnswer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/** Keywords and reflections disappear, and the text around them stays. */
class KeywordRemovalTest {
    private static Perturbed remove(String text, double ratio) {
        return KeywordDeletion.apply(
                text,
                new Span(0, text.length()),
                KeywordList.REFLECTION,
                ratio,
                new SeededStream(0, "keywords", "s1"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Wait, let me double-check. Alternatively, maybe not. | . Not. | 4",
                "It is 4. Wait, hmm, so it is 5. | It is 4. So it is 5. | 2",
                "So, wait, it may be 5; perhaps 6. | So, it may be 5; 6. | 2",
                "But wait. Waiting rooms await. | But . Waiting rooms await. | 1",
                "$x_{wait}$ and \\[ maybe \\] and \\$5, maybe. | $x_{wait}$ and \\[ maybe \\] and"
                        + " \\$5, . | 1",
                "on second hmm, thought | '' | 1"
            })
    void allMentions(String text, String expected, int mentions) {
        Perturbed result = remove(text, 1);
        assertEquals(expected, result.text());
        assertEquals(mentions, result.units());
        assertEquals(mentions, result.changed());
        assertEquals(text, remove(text, 0).text());
    }

    @Test
    void aShareOfTheMentions() {
        String text = "wait ".repeat(1000);
        Perturbed half = remove(text, 0.5);
        assertEquals(1000, half.units());
        assertEquals(500, half.changed(), 50);
        assertEquals(1000 - half.changed(), KeywordList.REFLECTION.mentions(half.text()).size());
        assertEquals(half, remove(text, 0.5));
    }

    @Test
    void anotherList() {
        KeywordList list = KeywordList.of(List.of("check", "let me check"));
        String text = "Let me check. I check (checked).";
        assertEquals(
                ". I (checked).",
                KeywordDeletion.apply(
                                text,
                                new Span(0, text.length()),
                                list,
                                1,
                                new SeededStream(0, "keywords", "s1"))
                        .text());
    }

    @Test
    void reflectionBlocks() {
        String body =
                "Add 17 and 25.\n\nThat is 43.\n\nWait, 7 and 5 are 12.\n\nSo 42.\n\n"
                        + "Alternatively, use 40.\n\nFine.";
        TaggedAnswer answer = TaggedAnswer.parse(TaggedAnswer.layOut(body, "42")).orElseThrow();
        Perturbed result = ReflectionBlocks.drop(answer);
        assertEquals(TaggedAnswer.layOut("Add 17 and 25.", "42"), result.text());
        assertEquals(2, result.units());
        TaggedAnswer first =
                TaggedAnswer.parse(TaggedAnswer.layOut("a\n\nHmm, b", "c")).orElseThrow();
        assertEquals(TaggedAnswer.layOut("a", "c"), ReflectionBlocks.drop(first).text());
    }
}
