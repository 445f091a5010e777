package dev.longhand.training.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longhand.engine.error.InputException;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.output.ModelOutput;
import dev.longhand.training.output.ReplacedFolder;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The folder of a run: weights, checkpoints, log, charts, and the record of its settings. */
final class RunFolder {
    static final String LAST = "last";
    static final String BEST = "best";

    /** The setting that names the evaluation by answers, or {@link #NONE}. */
    static final String ANSWERS = "evaluation_answers";

    static final String NONE = "none";

    private static final String RECORD = "run.json";
    private static final JsonMapper JSON = new JsonMapper();

    private final Path folder;
    private final TrainingConfig config;
    private final Map<String, String> settings;
    private final ModelOutput output;
    private final TrainableModel model;
    private final StateFolder states;

    /**
     * Takes a folder.
     *
     * @param settings the settings that decide the result, by name
     */
    RunFolder(
            TrainingConfig config,
            Map<String, String> settings,
            ModelOutput output,
            TrainableModel model) {
        folder = config.out();
        this.config = config;
        this.settings = settings;
        this.output = output;
        this.model = model;
        states = new StateFolder(folder.resolve("state"), config.saves().keep());
    }

    Path log() {
        return folder.resolve("train.jsonl");
    }

    /**
     * Restores the newest checkpoint; null if the run begins.
     *
     * @throws InputException if the folder holds a run that is not to be resumed, or the checkpoint
     *     is of a run with other data or settings
     */
    @Nullable TrainingState begin(long total, TrainingListener listener) throws IOException {
        Files.createDirectories(folder);
        new ReplacedFolder(folder.resolve(LAST)).restore();
        new ReplacedFolder(folder.resolve(BEST)).restore();
        if (config.saves().resume()) {
            return states.restore(
                    model, (file, state) -> requireSame(file, state, total), listener);
        }
        if (!states.isEmpty() || Files.exists(log())) {
            throw new InputException(folder + ": holds a run; resume it, or choose another folder");
        }
        return null;
    }

    private void requireSame(Path file, TrainingState state, long total) {
        Map<String, String> now = new TreeMap<>(settings);
        Map<String, String> then = new TreeMap<>(state.settings());
        then.putIfAbsent(ANSWERS, NONE); // checkpoints that are older than this setting
        for (String name : now.keySet()) {
            if (!now.get(name).equals(then.get(name))) {
                throw new InputException(
                        "%s: the run has %s %s, and resumes with the same only, not with %s"
                                .formatted(file, name, then.get(name), now.get(name)));
            }
        }
        if (state.total() != total && !config.saves().extend()) {
            throw new InputException(
                    ("%s: the run has %d steps; %d steps change its learning rates, so"
                                    + " that must be asked for by Saves.extend")
                            .formatted(file, state.total(), total));
        }
    }

    /**
     * Checks that checkpoints and weights fit on the disk: last and best, the one that is being
     * written, and the one that answers.
     *
     * @throws InputException if they do not
     */
    void requireSpace() throws IOException {
        long states = (config.saves().keep() + 1L) * TrainingState.bytes(model);
        int weights = NONE.equals(settings.get(ANSWERS)) ? 3 : 4;
        long needed = states + weights * output.bytes(model);
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < needed) {
            throw new InputException(
                    ("%s: %,d bytes are free, checkpoints and weights need %,d; keep fewer"
                                    + " checkpoints or free space")
                            .formatted(folder, free, needed));
        }
    }

    /** Writes the weights and a checkpoint. */
    void save(TrainingState state) throws IOException {
        TrainingEvents.Saved event = new TrainingEvents.Saved();
        event.begin();
        requireFree(TrainingState.bytes(model) + output.bytes(model));
        writeWeights(LAST, state.step(), null);
        Path file = states.write(state, model);
        event.step = state.step();
        event.file = file.getFileName().toString();
        event.commit();
    }

    private void requireFree(long needed) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < needed) {
            throw new IOException("%,d bytes are free, %,d are needed".formatted(free, needed));
        }
    }

    /** Writes the weights as they are into an empty folder. */
    void writeWeights(Path content) throws IOException {
        output.write(content, model);
    }

    /** Writes the weights into {@code last} or {@code best}. */
    void writeWeights(String name, long step, @Nullable EvaluationRecord evaluation)
            throws IOException {
        new ReplacedFolder(folder.resolve(name))
                .write(
                        content -> {
                            output.write(content, model);
                            Files.write(content.resolve(RECORD), record(step, evaluation));
                        });
    }

    private byte[] record(long step, @Nullable EvaluationRecord evaluation) {
        ObjectNode record = JSON.createObjectNode();
        record.put("step", step);
        if (evaluation != null) {
            TrainingLog.putScores(record, evaluation);
        }
        ObjectNode written = record.putObject("settings");
        settings.forEach(written::put);
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(record);
    }

    /** Writes the record of the run and its charts. */
    void describe(long step, TrainingLog log) throws IOException {
        replace(folder.resolve(RECORD), record(step, null));
        List<MetricChart.Point> losses =
                log.steps().stream()
                        .map(each -> new MetricChart.Point(each.step(), each.loss()))
                        .toList();
        List<MetricChart.Point> evaluations =
                log.evaluations().stream()
                        .filter(each -> each.labels() != null)
                        .map(each -> new MetricChart.Point(each.step(), loss(each)))
                        .toList();
        List<MetricChart.Point> norms =
                log.steps().stream()
                        .map(each -> new MetricChart.Point(each.step(), each.gradientNorm()))
                        .toList();
        MetricChart.Line training = new MetricChart.Line("training", losses);
        List<MetricChart.Line> lines =
                evaluations.isEmpty()
                        ? List.of(training)
                        : List.of(training, new MetricChart.Line("evaluation", evaluations));
        replace(folder.resolve("loss.svg"), MetricChart.svg("Loss", lines).getBytes(UTF_8));
        replace(
                folder.resolve("norm.svg"),
                MetricChart.svg(
                                "Norm of the gradient before clipping",
                                List.of(new MetricChart.Line("norm", norms)))
                        .getBytes(UTF_8));
    }

    private static double loss(EvaluationRecord evaluation) {
        return Objects.requireNonNull(evaluation.labels()).loss();
    }

    private static void replace(Path file, byte[] content) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.write(partial, content);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
