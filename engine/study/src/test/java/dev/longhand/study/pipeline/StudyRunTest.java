package dev.longhand.study.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.LockFile;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;

/** Which stages run, with commands that only write a file. */
class StudyRunTest {
    @TempDir private Path here;

    private final List<String> ran = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void writeInput() throws IOException {
        Files.writeString(here.resolve("in"), "input");
    }

    private static Stage stage(String name, String... arguments) {
        List<String> all = new ArrayList<>(List.of("write"));
        all.addAll(List.of(arguments));
        return Stage.of(name, all, Stage.Work.LITTLE);
    }

    private static List<Stage> three(String first, String second) {
        return List.of(
                stage("a", "--text", first, "--input", "{here}/in", "--out", "{out}/f"),
                stage("b", "--text", second, "--input", "{a}/f", "--out", "{out}/f"),
                stage("c", "--text", "3", "--run", "x={b}/f", "--out", "{out}/f"));
    }

    private StudyFolder folder() {
        return new StudyFolder(here.resolve("out"), here);
    }

    /** Writes the text of {@code --text} into the file of {@code --out}. */
    private int write(Stage stage, List<String> arguments, Path log) throws IOException {
        ran.add(stage.name());
        Path out = Path.of(arguments.get(arguments.indexOf("--out") + 1));
        Files.writeString(out, arguments.get(arguments.indexOf("--text") + 1));
        return 0;
    }

    private void run(List<Stage> stages, StudyRun.Runner runner, int jobs)
            throws IOException, InterruptedException {
        ran.clear();
        new StudyRun(stages, Map.of(), folder(), runner, new Silent()).run(jobs);
    }

    private static final class Silent implements StudyRun.Progress {
        @Override
        public void skipped(Stage stage) {}

        @Override
        public void started(Stage stage) {}

        @Override
        public void ended(Stage stage, double seconds) {}
    }

    @Test
    void whatIsDoneIsSkipped() throws Exception {
        List<Stage> config = three("one", "two");
        run(config, this::write, 1);
        assertEquals(List.of("a", "b", "c"), ran);
        run(config, this::write, 1);
        assertEquals(List.of(), ran);
        assertEquals(StudyFolder.State.DONE, folder().state(config.getFirst(), Set.of()));
    }

    /** A stage runs again if its arguments or the content of its inputs differ. */
    @Test
    void whatChangedRunsAgainWithWhatNeedsIt() throws Exception {
        run(three("one", "two"), this::write, 1);
        run(three("one", "2"), this::write, 1);
        assertEquals(List.of("b", "c"), ran);
        Files.writeString(here.resolve("in"), "other input");
        run(three("one", "2"), this::write, 1);
        assertEquals(List.of("a"), ran); // its output is the same
        Files.writeString(here.resolve("out/stages/a/f"), "damaged");
        run(three("one", "2"), this::write, 1);
        assertEquals(List.of("b"), ran); // its output is the same
    }

    /** A stage that was interrupted finds its folder; one with other arguments finds none. */
    @Test
    void aStageGoesOnWhereItWas() throws Exception {
        List<Stage> config = three("one", "two");
        StudyRun.Runner dies =
                (stage, arguments, log) -> {
                    Files.writeString(folder().of(stage).resolve("half"), "");
                    return 137;
                };
        StageFailedException failed =
                assertThrows(StageFailedException.class, () -> run(config, dies, 1));
        assertEquals("a", failed.stage().name());
        Path half = here.resolve("out/stages/a/half");
        run(config, this::write, 1);
        assertTrue(Files.exists(half));
        assertEquals(List.of("a", "b", "c"), ran);
        run(three("1", "two"), this::write, 1);
        assertTrue(Files.notExists(half));
    }

    /** A stage that read an input before it changed is not done with the changed one. */
    @Test
    void anInputThatChangesMeanwhileCountsAsItWas() throws Exception {
        StudyRun.Runner changes =
                (stage, arguments, log) -> {
                    Files.writeString(here.resolve("in"), "changed meanwhile");
                    return write(stage, arguments, log);
                };
        run(three("one", "two"), changes, 1);
        run(three("one", "two"), this::write, 1);
        assertEquals(List.of("a"), ran);
    }

    @Test
    void independentStagesRunTogether() throws Exception {
        List<Stage> config =
                List.of(
                        stage("a", "--text", "x", "--out", "{out}/f"),
                        stage("b", "--text", "x", "--out", "{out}/f"),
                        stage("c", "{a}", "{b}", "--text", "x", "--out", "{out}/f"));
        CyclicBarrier both = new CyclicBarrier(2);
        StudyRun.Runner meets =
                (stage, arguments, log) -> {
                    if (!stage.name().equals("c")) {
                        try {
                            both.await(20, TimeUnit.SECONDS);
                        } catch (Exception e) {
                            return 1;
                        }
                    }
                    return write(stage, arguments, log);
                };
        run(config, meets, 2);
        assertEquals(Set.of("a", "b"), new HashSet<>(ran.subList(0, 2)));
        assertEquals("c", ran.get(2));
    }

    /** A failure starts nothing new and lets what runs come to its end. */
    @Test
    void afterAFailureNothingBegins() throws Exception {
        List<Stage> config = three("one", "two");
        StudyRun.Runner second =
                (stage, arguments, log) ->
                        stage.name().equals("b") ? 2 : write(stage, arguments, log);
        StageFailedException failed =
                assertThrows(StageFailedException.class, () -> run(config, second, 2));
        assertTrue(failed.getMessage().contains("the stage b failed with status 2"));
        assertEquals(List.of("a"), ran);
    }

    @Test
    void twoRunsOfOneFolderAreRefused() throws Exception {
        List<Stage> config = three("one", "two");
        Files.createDirectories(here.resolve("out"));
        try (LockFile _ = LockFile.of(here.resolve("out/study"))) {
            assertThrows(InputException.class, () -> run(config, this::write, 1));
        }
    }
}
