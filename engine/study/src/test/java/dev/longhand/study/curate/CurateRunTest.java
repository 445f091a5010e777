package dev.longhand.study.curate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.SftSample;
import dev.longhand.study.segment.TaggedAnswer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Generations that are right and clean become samples; the card says where the others went. */
class CurateRunTest {
    private static final String RIGHT = TaggedAnswer.layOut("Wait, 2 + 2.", "\\boxed{4}");

    @TempDir private Path folder;

    private Path write(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    private static String problem(String id, String question) {
        return JsonLine.format(
                JsonLine.newObject()
                        .put("id", id)
                        .put("benchmark", "own")
                        .put("question", question)
                        .set("answers", JsonLine.newObject().arrayNode().add("4")));
    }

    private static String generation(
            String id, int sample, String text, String finish, int tokens) {
        return JsonLine.format(
                JsonLine.newObject()
                        .put("id", id)
                        .put("sample", sample)
                        .put("text", text)
                        .put("finish", finish)
                        .put("output_tokens", tokens));
    }

    private Path problems() throws IOException {
        return write(
                "problems.jsonl",
                problem("a", "What is two plus two?"),
                problem("b", "One two three four, five: what comes before five?"));
    }

    private Path generations() throws IOException {
        return write(
                "generations.jsonl",
                generation("a", 0, RIGHT, "eos", 10),
                generation("a", 1, RIGHT, "eos", 10), // repeated
                generation("a", 2, RIGHT, "length", 10), // truncated
                generation("a", 3, RIGHT.replace("{4}", "{5}"), "eos", 10), // wrong
                generation("a", 4, "no tags \\boxed{4}", "eos", 10),
                generation("a", 5, "<think>\nHmm.\n</think>\n\n\\boxed{4}", "eos", 20),
                generation("a", 6, RIGHT + " ", "eos", 99), // repeated but for a space
                generation("a", 7, RIGHT.replace("Wait", "So"), "eos", 99), // long
                generation(
                        "a",
                        8,
                        RIGHT.replace("Wait", "\u56e0\u4e3a\u6240\u4ee5\u56e0\u4e3a"),
                        "eos",
                        9),
                generation("a", 9, RIGHT.replace("Wait", "Now"), "stop", 9), // one too many
                generation("b", 0, RIGHT, "eos", 10)); // in the benchmark
    }

    private DataCard run(Verdicts verdicts) throws IOException {
        Contamination contamination = new Contamination(4);
        contamination.add(
                write(
                        "bench.jsonl",
                        problem("x", "Name: ONE, two-three four!"),
                        problem("y", "Two?")));
        CurateSettings settings =
                CurateSettings.of("teacher")
                        .withTokens(5, 50)
                        .withLatinMin(0.9)
                        .withSamples("system", 2);
        return new CurateRun(settings, contamination, (done, total) -> {})
                .run(problems(), generations(), verdicts, folder.resolve("out.jsonl"));
    }

    private static Verdicts byAnswer() {
        return generation -> generation.text().contains("\\boxed{4}");
    }

    @Test
    void stages() throws IOException {
        DataCard card = run(byAnswer());
        assertEquals(
                "{\"generated\":11,\"finished\":10,\"correct\":9,\"laid_out\":8,\"unique\":6,"
                        + "\"decontaminated\":5,\"length\":4,\"language\":3,\"kept\":2}",
                card.json().path("stages").toString());
        assertEquals(
                "{\"bench.jsonl\":1}", card.json().path("overlaps_with_benchmarks").toString());
        assertEquals(15, card.json().path("tokens").path("mean").asDouble());
        assertEquals(1, card.json().path("mean_keywords").asDouble());
        List<SftSample> samples = JsonLines.readAll(folder.resolve("out.jsonl"), SftSample::of);
        assertEquals(
                List.of(RIGHT, TaggedAnswer.layOut("Hmm.", "\\boxed{4}")),
                samples.stream().map(each -> each.turns().getLast().value()).toList());
        assertEquals(
                "{\"id\":\"a#5\",\"source\":\"own\",\"teacher\":\"teacher\",\"correct\":true}",
                samples.get(1).meta().toString());
        assertEquals("system", samples.getFirst().system());
        byte[] bytes = Files.readAllBytes(folder.resolve("out.jsonl"));
        assertTrue(card.markdown().contains("| kept | 2 |"));
        run(byAnswer());
        assertEquals(
                new String(bytes, StandardCharsets.UTF_8),
                Files.readString(folder.resolve("out.jsonl")));
    }

    @Test
    void scoresOfAFile() throws IOException {
        StringBuilder scores = new StringBuilder();
        for (int i = 0; i < 10; i++) {
            scores.append("{\"id\":\"a\",\"sample\":%d,\"correct\":%s}\n".formatted(i, i == 9));
        }
        Path file = Files.writeString(folder.resolve("scores"), scores);
        String error =
                assertThrows(InputException.class, () -> run(Verdicts.of(file))).getMessage();
        assertTrue(error.contains("is not the score of the generation b, sample 0"), error);
        Files.writeString(file, scores + "{\"id\":\"b\",\"sample\":0}\n");
        try (Verdicts verdicts = Verdicts.of(file)) {
            DataCard card = run(verdicts);
            assertEquals(1, card.count(Stage.KEPT));
            assertEquals(1, card.count(Stage.CORRECT));
        }
    }

    @Test
    void layouts() {
        assertEquals(Optional.of(RIGHT), TraceLayout.of("\n" + RIGHT + "\n", false));
        assertEquals(
                Optional.of(TaggedAnswer.layOut("a", "b")),
                TraceLayout.of("a\n</think>\nb", false));
        assertEquals(Optional.empty(), TraceLayout.of("<think>a", true));
        assertEquals(Optional.empty(), TraceLayout.of("a\n\nb", false));
        assertEquals(
                Optional.of(TaggedAnswer.layOut("a\n\nb", "c")),
                TraceLayout.of("a\n\nb\n\nc", true));
        assertEquals(Optional.empty(), TraceLayout.of("c", true));
        assertEquals(Optional.empty(), TraceLayout.of("<|begin_of_thought|>a", true));
    }
}
