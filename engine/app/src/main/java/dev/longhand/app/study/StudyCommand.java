package dev.longhand.app.study;

import dev.longhand.app.cli.Console;
import dev.longhand.app.cli.LoadBar;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.pipeline.Stage;
import dev.longhand.study.pipeline.StageFailedException;
import dev.longhand.study.pipeline.StudyFolder;
import dev.longhand.study.pipeline.StudyRun;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code longhand study}: runs a whole study from a configuration, resumably. */
@Command(
        name = "study",
        description = {
            "Runs a whole study: curate, perturb, train, generate, score, tables.",
            "Stages that are done are skipped; an interrupted study goes on with the same command."
        })
public final class StudyCommand {
    /** Where a study is. */
    static final class Place {
        @Parameters(index = "0", paramLabel = "CONFIG", description = "JSON: the study.")
        private Path config = Path.of("");

        @Option(
                names = "--out",
                required = true,
                paramLabel = "DIR",
                description = "The folder of the study.")
        private Path out = Path.of("");

        StudyConfig read() {
            return StudyConfig.read(config);
        }

        StudyFolder folder() {
            Path here = config.toAbsolutePath().getParent();
            if (here == null) {
                throw new InputException(config + " is no file");
            }
            return new StudyFolder(out, here);
        }
    }

    @Spec private @Nullable CommandSpec spec;

    /** The class whose commands the stages are. */
    private String program() {
        return Objects.requireNonNull(spec).root().userObject().getClass().getName();
    }

    /** Runs what is not done. */
    @Command(name = "run", description = "Runs the stages that are not done.")
    int run(
            @Mixin Place place,
            @Option(
                            names = "--jobs",
                            paramLabel = "N",
                            defaultValue = "0",
                            description =
                                    "Stages at a time (default: one per processor, fewer if"
                                            + " their models would not fit in memory).")
                    int jobs,
            @Option(
                            names = "--note",
                            paramLabel = "TEXT",
                            description = "Kept with the results, such as a commit.")
                    @Nullable String note)
            throws IOException, InterruptedException {
        StudyConfig config = place.read();
        StudyFolder folder = place.folder();
        if (jobs < 0) {
            throw new InputException("--jobs is at least 1");
        }
        int count = jobs > 0 ? jobs : StudyJobs.fitting(config, folder);
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / count);
        StudyTimes times = new StudyTimes(config.stages(), config.expected());
        int stages = config.stages().size();
        try (StudyProgress progress = new StudyProgress(times, folder, count, stages)) {
            Map<String, String> files =
                    Map.of(RowStages.GENERATE, config.generate().toPrettyString());
            CommandProcess process = new CommandProcess(program(), threads);
            new StudyRun(config.stages(), files, folder, process, progress).run(count);
            if (!config.rows().isEmpty()) {
                StudyIndex.write(config, folder, note == null ? "" : note);
            }
            progress.finish();
        } catch (StageFailedException e) {
            String last = StageLog.lastLine(folder.log(e.stage()));
            throw new InputException(e.getMessage() + "\n" + last, e);
        }
        return 0;
    }

    /** Prints the stages and what they are expected to cost. */
    @Command(
            name = "plan",
            description = "Prints the stages, tokens, hours and disk; runs nothing.")
    int plan(@Mixin Place place) {
        new Console().print(new PlanText(place.read()).text());
        return 0;
    }

    /** Prints how far each stage is. */
    @Command(name = "status", description = "Prints how far each stage is.")
    int status(@Mixin Place place) throws IOException {
        StudyConfig config = place.read();
        StudyFolder folder = place.folder();
        Console console = new Console();
        Set<String> done = new HashSet<>();
        Map<StudyFolder.State, Integer> counts = new LinkedHashMap<>();
        for (Stage stage : config.stages()) {
            StudyFolder.State state = folder.state(stage, done);
            counts.merge(state, 1, Integer::sum);
            String time = "";
            if (state == StudyFolder.State.DONE) {
                done.add(stage.name());
                time = ", " + LoadBar.duration(folder.seconds(stage));
            }
            console.println("%-8s %s%s".formatted(word(state), stage.name(), time));
        }
        List<String> words =
                counts.entrySet().stream()
                        .map(each -> each.getValue() + " " + word(each.getKey()))
                        .toList();
        console.println(words.stream().collect(Collectors.joining(", ")));
        return 0;
    }

    private static String word(StudyFolder.State state) {
        return switch (state) {
            case DONE -> "done";
            case BEGUN -> "begun";
            case NEW -> "to do";
            case WAITING -> "waiting";
        };
    }
}
