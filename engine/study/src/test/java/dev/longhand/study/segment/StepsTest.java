package dev.longhand.study.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.Span;
import dev.longhand.study.keywords.ReflectionKeywords;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Thoughts are divided as the study's tooling divides them. */
class StepsTest {
    @TempDir private Path folder;

    static final String BODY =
            """
            Okay, the task is to add 17 and 25.

            17 plus 25 is 42.

            Wait, I should make sure about the carry.

            7 plus 5 gives 12, so carry 1.

            \\[
            1 + 2 + 1 = 4

            \\]

            Alternatively, round 17 up to 20 and subtract 3.

            20 + 25 = 45, then 45 - 3 = 42.

            Let me double-check with 40 + 2.

            However that is the same sum, so hmm, it agrees.\
            """;

    private static List<String> texts(List<Step> steps) {
        return steps.stream().map(Step::text).toList();
    }

    private static List<String> paragraphs(String text) {
        return Paragraphs.of(text).stream().map(each -> each.of(text)).toList();
    }

    @Test
    void theGoldenBody() {
        List<String> paragraphs = paragraphs(BODY);
        assertEquals(9, paragraphs.size());
        assertEquals("\\[\n1 + 2 + 1 = 4\n\n\\]", paragraphs.get(4));
        List<Step> steps = ReflectionSteps.of(BODY);
        assertEquals(
                List.of(
                        "Okay, the task",
                        "Wait, I should",
                        "Alternatively,",
                        "Let me double-",
                        "However that i"),
                steps.stream().map(each -> each.text().substring(0, 14)).toList());
        assertEquals(
                "Wait, I should make sure about the carry.\n\n7 plus 5 gives 12, so carry 1.\n\n"
                        + "\\[\n1 + 2 + 1 = 4\n\n\\]",
                steps.get(1).text());
        assertEquals(BODY, String.join("\n\n", texts(steps)));
        assertEquals(4, ReflectionKeywords.count(BODY));
        for (Step step : steps) {
            assertEquals(step.text(), step.span().of(BODY));
        }
    }

    @Test
    void fencesAndFormulasKeepTheirBlankLines() {
        assertEquals(
                List.of("a", "```\nx\n\ny\n```", "b"), paragraphs("a\n\n```\nx\n\ny\n```\n \t\nb"));
        assertEquals(List.of("$$\nx\n\n$$", "b"), paragraphs("\n\n$$\nx\n\n$$\n\nb\n\n"));
        assertEquals(List.of("a \\\\[2pt] b", "c"), paragraphs("a \\\\[2pt] b\n\nc"));
        assertEquals(List.of("$$x$$ and ```y```", "c"), paragraphs("$$x$$ and ```y```\r\n\r\nc"));
        assertEquals(List.of(), paragraphs(" \n\n "));
        assertEquals(
                List.of("```\nnever closed\n\nso one"), paragraphs("```\nnever closed\n\nso one"));
    }

    @Test
    void openingsAreWholeWordsOfAnyCase() {
        for (String opening : ReflectionSteps.OPENINGS) {
            assertTrue(
                    ReflectionSteps.opensStep(opening.toUpperCase(Locale.ROOT) + ", x"), opening);
            assertTrue(ReflectionSteps.opensStep(opening), opening);
            assertFalse(ReflectionSteps.opensStep(opening + "x"), opening);
        }
        assertFalse(ReflectionSteps.opensStep("So wait"));
        assertEquals(
                List.of("Wait, a", "Hmm\n\nWaiting\n\nb"),
                texts(ReflectionSteps.of("Wait, a\n\nHmm\n\nWaiting\n\nb")));
    }

    @Test
    void aBodyWithSeparators() {
        assertEquals(
                List.of("a\n\nb", "c", "d"),
                texts(SeparatedSteps.of("\n\na\n\nb\n#####\nc #########d\n##### ")));
        assertEquals(List.of("a"), texts(SeparatedSteps.of("a")));
    }

    private static Optional<List<Step>> divided(String body, String copy) {
        return StepMarks.ofCopy(copy).divide(body);
    }

    @Test
    void aCopyWithSeparators() {
        String body = "\n\na  b\n\nc\nd\n\n";
        Optional<List<Step>> steps = divided(body, "a b\n#####\nc d");
        assertEquals(Optional.of(List.of("a  b", "c\nd")), steps.map(StepsTest::texts));
        assertEquals(new Span(8, 11), steps.orElseThrow().get(1).span());
        assertEquals(Optional.empty(), divided(body, "a b ##### c"));
        assertEquals(Optional.empty(), divided(body, "a b ##### c d e"));
        assertEquals(Optional.empty(), divided(body, "a x ##### c d"));
    }

    @Test
    void aFileOfSteps() throws IOException {
        Path file = folder.resolve("steps.jsonl");
        Files.writeString(
                file,
                """
                {"id":"a","steps":[[2,6],[6,11],[11,11]]}
                {"id":7,"text":"one ##### two"}
                """);
        Segmentation segmentation = Segmentation.read(file);
        assertEquals(
                List.of("one", "two"),
                texts(segmentation.division().steps("a", "\n\none two tail").orElseThrow()).stream()
                        .map(each -> each.substring(0, 3))
                        .toList());
        assertEquals(
                List.of("one", "two"),
                texts(segmentation.division().steps("7", "one\n\ntwo").orElseThrow()));
        assertEquals(Optional.empty(), segmentation.division().steps("a", "short"));
        assertEquals(Optional.empty(), segmentation.division().steps("b", "unknown"));
        Files.writeString(file, "{\"id\":7,\"text\":\"again\"}", StandardOpenOption.APPEND);
        String error =
                assertThrows(InputException.class, () -> Segmentation.read(file)).getMessage();
        assertTrue(error.endsWith("steps.jsonl:3: the id 7 is there twice"), error);
    }

    @Test
    void anAnswerIsCutAtItsTags() {
        String text = TaggedAnswer.layOut("think", "solve");
        assertEquals(
                "<|begin_of_thought|>\n\nthink\n\n<|end_of_thought|>\n\n"
                        + "<|begin_of_solution|>\n\nsolve\n\n<|end_of_solution|>",
                text);
        TaggedAnswer answer = TaggedAnswer.parse("so " + text).orElseThrow();
        assertEquals("so <|begin_of_thought|>", answer.opening());
        assertEquals("\n\nthink\n\n", answer.body());
        assertEquals("so " + text, answer.withSteps(List.of("think")));
        assertEquals("so <|begin_of_thought|>\n\n" + answer.rest(), answer.withSteps(List.of()));
        TaggedAnswer torn = TaggedAnswer.parse("<|begin_of_thought|>a\n\nb").orElseThrow();
        assertEquals("<|begin_of_thought|>\n\nb", torn.withSteps(List.of("b")));
        assertEquals(Optional.empty(), TaggedAnswer.parse("no tags <|end_of_thought|>"));
        assertTrue(TaggedAnswer.isComplete("x" + text));
        assertFalse(TaggedAnswer.isComplete(text + text));
        assertFalse(TaggedAnswer.isComplete(text.replace("<|end_of_solution|>", "")));
        assertTrue(
                !TaggedAnswer.isComplete(
                        "<|end_of_thought|><|begin_of_thought|><|begin_of_solution|>"
                                + "<|end_of_solution|>"));
    }
}
