package dev.longhand.study.perturb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Perturbation;
import dev.longhand.study.format.SftSample;
import dev.longhand.study.keywords.KeywordList;
import dev.longhand.study.segment.Paragraphs;
import dev.longhand.study.segment.Segmentation;
import dev.longhand.study.segment.TaggedAnswer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Files of samples: what stays, what changes, and what is noted about it. */
class PerturbRunTest {
    private static final int SAMPLES = 20;

    @TempDir private Path folder;

    private static String thought(Random random) {
        return IntStream.range(0, 3 + random.nextInt(8))
                .mapToObj(i -> (i == 0 ? "First" : "Wait") + ", " + random.nextInt(10_000))
                .collect(Collectors.joining("\n\n"));
    }

    private static SftSample sample(String id, String message, boolean correct) {
        ObjectNode meta = JsonLine.newObject().put("id", id).put("correct", correct);
        return SftSample.of("system", "question " + id, message, meta);
    }

    private Path file(List<SftSample> samples) throws IOException {
        return Files.write(
                folder.resolve("in.jsonl"), samples.stream().map(SftSample::json).toList());
    }

    private Path samples() throws IOException {
        Random random = new Random(5);
        List<SftSample> samples = new ArrayList<>();
        for (int i = 0; i < SAMPLES; i++) {
            String message = TaggedAnswer.layOut(thought(random), "So \\boxed{42}.");
            samples.add(sample("s" + i, message, i % 4 != 3));
        }
        return file(samples);
    }

    private List<SftSample> perturb(PerturbSettings settings, Path in) {
        Path out = folder.resolve("out.jsonl");
        new PerturbRun(settings, (done, total) -> {}, (id, before, after) -> {}).run(in, out);
        return JsonLines.readAll(out, SftSample::of);
    }

    private static String message(SftSample sample) {
        return sample.turns().get(sample.answerIndex()).value();
    }

    private static Perturbation noted(SftSample sample) {
        Perturbation noted = sample.perturbation();
        assertTrue(noted != null);
        return noted;
    }

    /** Every paragraph of these thoughts is a step. */
    private static List<String> steps(SftSample sample) {
        String body = TaggedAnswer.parse(message(sample)).orElseThrow().body();
        return Paragraphs.of(body).stream().map(each -> each.of(body)).toList();
    }

    @ParameterizedTest
    @EnumSource(
            value = Operator.class,
            names = {"WRONG"},
            mode = EnumSource.Mode.EXCLUDE)
    void theRatioZeroChangesNothing(Operator operator) throws IOException {
        Path in = samples();
        List<SftSample> before = JsonLines.readAll(in, SftSample::of);
        List<SftSample> after = perturb(PerturbSettings.of(operator, 0, 3), in);
        assertEquals(
                before.stream().map(PerturbRunTest::message).toList(),
                after.stream().map(PerturbRunTest::message).toList());
        assertTrue(after.stream().allMatch(each -> noted(each).changed() == 0));
        assertEquals(operator.jsonName(), noted(after.getFirst()).op());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.33, 0.67, 1})
    void stepsMoveAndNothingElse(double ratio) throws IOException {
        Path in = samples();
        List<SftSample> before = JsonLines.readAll(in, SftSample::of);
        List<SftSample> shuffled = perturb(PerturbSettings.of(Operator.SHUFFLE, ratio, 3), in);
        List<SftSample> deleted = perturb(PerturbSettings.of(Operator.DELETE, ratio, 3), in);
        List<SftSample> inserted = perturb(PerturbSettings.of(Operator.INSERT, ratio, 3), in);
        for (int i = 0; i < SAMPLES; i++) {
            List<String> steps = steps(before.get(i));
            int chosen = (int) (ratio * steps.size() + 0.5);
            assertEquals(chosen >= 2, !steps.equals(steps(shuffled.get(i))));
            assertEquals(
                    steps.stream().sorted().toList(),
                    steps(shuffled.get(i)).stream().sorted().toList());
            List<String> left = new ArrayList<>(steps);
            left.retainAll(steps(deleted.get(i)));
            assertEquals(left, steps(deleted.get(i)));
            assertEquals(chosen, steps.size() - left.size());
            assertEquals(steps.size(), noted(inserted.get(i)).units());
            String solution = TaggedAnswer.parse(message(before.get(i))).orElseThrow().rest();
            for (List<SftSample> each : List.of(shuffled, deleted, inserted)) {
                assertTrue(message(each.get(i)).endsWith("\n\n" + solution));
                assertEquals(before.get(i).turns().getFirst(), each.get(i).turns().getFirst());
                assertEquals("s" + i, each.get(i).id(1));
            }
        }
        assertEquals(
                shuffled.stream().map(SftSample::json).toList(),
                perturb(PerturbSettings.of(Operator.SHUFFLE, ratio, 3), in).stream()
                        .map(SftSample::json)
                        .toList());
    }

    /** Only samples that are marked as correct give steps, and none to itself. */
    @Test
    void donors() throws IOException {
        Path in = samples();
        List<SftSample> before = JsonLines.readAll(in, SftSample::of);
        List<SftSample> after = perturb(PerturbSettings.of(Operator.INSERT, 1, 0), in);
        for (int i = 0; i < SAMPLES; i++) {
            List<String> sources = noted(after.get(i)).sourceIds();
            List<String> steps = List.of(message(after.get(i)).split("\n\n"));
            assertEquals(steps(before.get(i)).size(), sources.size());
            for (int step = 0; step < sources.size(); step++) {
                int source = Integer.parseInt(sources.get(step).substring(1));
                assertTrue(source != i && source % 4 != 3, sources.toString());
                assertTrue(steps(before.get(source)).contains(steps.get(1 + step)));
            }
        }
        Path alone = file(List.of(sample("a", TaggedAnswer.layOut("x", "y"), true)));
        assertThrows(
                InputException.class,
                () -> perturb(PerturbSettings.of(Operator.INSERT, 1, 0), alone));
        assertFalse(Files.exists(folder.resolve("out.jsonl.steps")));
    }

    @Test
    void addedStepsStandBeforeTheChosenOnes() throws IOException {
        Path in =
                file(
                        List.of(
                                sample("a", TaggedAnswer.layOut("one", "A"), true),
                                sample("b", TaggedAnswer.layOut("two", "B"), true)));
        PerturbSettings add = PerturbSettings.of(Operator.INSERT, 1, 0).withKeepsOriginal(true);
        assertEquals(
                List.of(
                        TaggedAnswer.layOut("two\n\none", "A"),
                        TaggedAnswer.layOut("one\n\ntwo", "B")),
                perturb(add, in).stream().map(PerturbRunTest::message).toList());
    }

    @Test
    void untaggedSamplesStayAndAreCounted() throws IOException {
        Path in = file(List.of(sample("a", "no tags, 5", true)));
        for (Operator each : List.of(Operator.DELETE, Operator.SHUFFLE, Operator.INSERT)) {
            SftSample after = perturb(PerturbSettings.of(each, 1, 0), in).getFirst();
            assertEquals("no tags, 5", message(after));
            assertEquals("untagged", noted(after).others().path("skipped").asString());
        }
        SftSample digits = perturb(PerturbSettings.of(Operator.DIGITS, 1, 1), in).getFirst();
        assertEquals(1, noted(digits).touched());
        SftSample kept =
                perturb(PerturbSettings.of(Operator.DIGITS, 1, 1).withThoughtOnly(true), in)
                        .getFirst();
        assertEquals("no tags, 5", message(kept));
    }

    @Test
    void theScopeMayBeTheThought() throws IOException {
        Path in = file(List.of(sample("a", TaggedAnswer.layOut("17 wait 4", "17 wait"), true)));
        PerturbSettings digits = PerturbSettings.of(Operator.DIGITS, 1, 0).withThoughtOnly(true);
        String message = message(perturb(digits, in).getFirst());
        assertTrue(message.endsWith("\n\n17 wait\n\n<|end_of_solution|>"), message);
        assertFalse(message.contains("17 wait 4"), message);
        PerturbSettings words = PerturbSettings.of(Operator.KEYWORDS, 1, 0).withThoughtOnly(true);
        assertEquals(
                TaggedAnswer.layOut("17 4", "17 wait"), message(perturb(words, in).getFirst()));
    }

    @ParameterizedTest
    @CsvSource({"0, 15, 0, 0", "0.2, 15, 3, 0", "1, 5, 5, 10"})
    void wrongAnswers(double ratio, int out, int wrong, int missing) throws IOException {
        Path in = samples();
        Path to = folder.resolve("out.jsonl");
        PerturbReport report =
                new PerturbRun(
                                PerturbSettings.of(Operator.WRONG, ratio, 0),
                                (done, total) -> {},
                                (id, before, after) -> {})
                        .run(in, to);
        List<SftSample> after = JsonLines.readAll(to, SftSample::of);
        assertEquals(out, after.size());
        assertEquals(
                wrong, after.stream().filter(x -> !x.meta().path("correct").asBoolean()).count());
        assertEquals(missing, report.json().path("n_wrong_missing").asInt());
        assertEquals(0, report.json().path("n_questions_in_both").asInt());
        List<String> before =
                JsonLines.readAll(in, SftSample::of).stream()
                        .map(x -> x.id(0) + message(x))
                        .toList();
        assertTrue(before.containsAll(after.stream().map(x -> x.id(0) + message(x)).toList()));
    }

    /** A rewriting that loses a tag, the answer or too much is refused, and the original stays. */
    @Test
    void aModelRewrites() throws IOException {
        String message = TaggedAnswer.layOut("Add. Wait, no. Yes.", "\\boxed{4}");
        List<String> written =
                List.of(
                        TaggedAnswer.layOut("Add. Yes.", "\\boxed{4}"),
                        TaggedAnswer.layOut("Add. Yes.", "\\boxed{5}"),
                        "Add. Yes. \\boxed{4}",
                        message + " and more",
                        message);
        List<SftSample> samples = new ArrayList<>();
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < written.size(); i++) {
            samples.add(sample("s" + i, message, true));
            answers.add(
                    JsonLine.format(
                            JsonLine.newObject().put("id", "s" + i).put("text", written.get(i))));
        }
        Path in = file(samples);
        PerturbSettings settings =
                PerturbSettings.of(Operator.KEYWORDS, 1, 0)
                        .withKeywords(KeywordMode.MODEL, KeywordList.REFLECTION);
        Path questions = folder.resolve("questions.jsonl");
        assertEquals(5, PerturbRun.writeQuestions(settings, in, questions));
        JsonLines.readAll(questions, line -> line.requiredString("question"))
                .forEach(question -> assertEquals(message, question));
        Path out = folder.resolve("out.jsonl");
        PerturbRun run = new PerturbRun(settings, (done, total) -> {}, (id, before, after) -> {});
        run.takeRewritings(Files.write(folder.resolve("answers.jsonl"), answers));
        PerturbReport report = run.run(in, out);
        assertEquals(3, report.count(Outcome.Fate.REFUSED));
        assertEquals(1, report.json().path("n_changed").asInt());
        List<SftSample> after = JsonLines.readAll(out, SftSample::of);
        assertEquals(written.getFirst(), message(after.getFirst()));
        assertEquals("refused", noted(after.get(2)).others().path("skipped").asString());
        for (SftSample each : after.subList(1, after.size())) {
            assertEquals(message, message(each));
        }
    }

    @Test
    void separatorsAreTakenOut() throws IOException {
        String message = TaggedAnswer.layOut("a\n#####\nb\n#####\nc", "d");
        Path in = file(List.of(sample("a", message, true)));
        PerturbSettings delete =
                PerturbSettings.of(Operator.DELETE, 0.1, 0)
                        .withSegmentation(Segmentation.SEPARATOR);
        SftSample after = perturb(delete, in).getFirst();
        assertEquals(TaggedAnswer.layOut("a\n\nb\n\nc", "d"), message(after));
        assertEquals(3, noted(after).units());
    }

    @Test
    void badLinesAreNamed() throws IOException {
        Path in = Files.writeString(folder.resolve("in.jsonl"), "\n{\"conversations\":[]}\n");
        String error =
                assertThrows(
                                InputException.class,
                                () -> perturb(PerturbSettings.of(Operator.DIGITS, 1, 0), in))
                        .getMessage();
        assertTrue(error.contains("in.jsonl:2: conversations"), error);
        assertThrows(InputException.class, () -> PerturbSettings.of(Operator.DIGITS, 1.01, 0));
        assertThrows(
                InputException.class, () -> PerturbSettings.of(Operator.DIGITS, Double.NaN, 0));
        assertFalse(Files.exists(folder.resolve("out.jsonl")));
    }
}
