package dev.longhand.app.study;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.pipeline.Stage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * The stages that make the rows of a study: perturb, train and generate by seed, score, evaluate.
 */
final class RowStages {
    /** The configuration of {@code batch} for all rows, in the study's folder. */
    static final String GENERATE = "generate.json";

    private static final Set<String> EVALUATION_KEYS = Set.of("name", "options");

    private static final String PROBLEMS = "{problems}/problems.jsonl";

    private final JsonLine study;
    private final Expectation expected;
    private final List<Evaluation> evaluations;

    /** Options of {@code evaluate} for the rows that ask for it, under a name. */
    private record Evaluation(String name, List<String> options) {
        static Evaluation of(JsonLine json) {
            StudyConfig.refuseUnknown(json, EVALUATION_KEYS);
            return new Evaluation(json.requiredString("name"), json.strings("options"));
        }

        /** The name of the stage for a row. */
        String stage(StudyRow row) {
            return "evaluate-%s-%s".formatted(name, row.source());
        }
    }

    RowStages(JsonLine study, Expectation expected) {
        this.study = study;
        this.expected = expected;
        evaluations = StudyConfig.objects(study, "evaluate").stream().map(Evaluation::of).toList();
    }

    /** Returns the stage that joins the problems of all benchmarks. */
    Stage problems() {
        List<String> inputs = new ArrayList<>();
        study.strings("benchmarks").forEach(each -> inputs.addAll(List.of("--input", each)));
        if (inputs.isEmpty()) {
            throw study.refuse("benchmarks", "must list files of problems");
        }
        return little("problems", "join", inputs, List.of("--out", "{out}/problems.jsonl"));
    }

    /** Returns the stages of a row, in their order. */
    List<Stage> stages(StudyRow row) {
        List<Stage> stages = new ArrayList<>();
        if (row.as() != null) {
            return stages;
        }
        String data = row.data();
        if (data != null && !row.perturb().isEmpty()) {
            String name = "perturb-" + row.id();
            List<String> files = List.of("--input", data, "--out", "{out}/set.jsonl");
            stages.add(little(name, "perturb", row.perturb(), files));
            data = "{" + name + "}/set.jsonl";
        }
        List<String> texts = new ArrayList<>();
        List<Long> seeds = data == null ? List.of(0L) : row.seeds();
        List<String> names =
                seeds.stream()
                        .map(each -> row.id() + (seeds.size() > 1 ? "-" + each : ""))
                        .toList();
        for (int i = 0; i < seeds.size(); i++) {
            String name = names.get(i);
            if (data != null) {
                stages.add(train(row, name, data, seeds.get(i)));
            }
            stages.add(generate(row, name, data != null));
            texts.add("{generate-%s}/generations.jsonl".formatted(name));
        }
        if (texts.size() > 1) {
            stages.add(join(row, texts));
        }
        String answers =
                texts.size() > 1
                        ? "{join-%s}/generations.jsonl".formatted(row.id())
                        : texts.getFirst();
        List<String> files =
                List.of(
                        "--problems",
                        PROBLEMS,
                        "--generations",
                        answers,
                        "--out",
                        "{out}/scores.jsonl");
        stages.add(little(row.scoring(), "score", study.strings("score"), files));
        if (row.evaluated()) {
            List<String> model = model(row, names.getFirst(), data != null);
            evaluations.forEach(each -> stages.add(evaluate(row, each, model)));
        }
        return stages;
    }

    private Stage train(StudyRow row, String name, String data, long seed) {
        List<String> files =
                List.of(
                        "--model",
                        row.model(),
                        "--data",
                        data,
                        "--seed",
                        Long.toString(seed),
                        "--out",
                        "{out}");
        long bytes = row.full() ? expected.modelBytes() : expected.adapterBytes();
        return stage(
                "train-" + name,
                "train",
                new Stage.Work(row.trainTokens(), bytes),
                row.train(),
                files);
    }

    private Stage generate(StudyRow row, String name, boolean trained) {
        List<String> files =
                List.of(
                        "--config",
                        "{study}/" + GENERATE,
                        "--input",
                        PROBLEMS,
                        "--out",
                        "{out}/generations.jsonl");
        return stage(
                "generate-" + name,
                "batch",
                new Stage.Work(row.generateTokens(), 0),
                study.strings("batch"),
                model(row, name, trained),
                files);
    }

    /** Options that choose the model of a row: its own, an adapter on it, or all weights anew. */
    private static List<String> model(StudyRow row, String name, boolean trained) {
        String learned = "{train-%s}/last".formatted(name);
        List<String> model = new ArrayList<>();
        model.addAll(List.of("--model", trained && row.full() ? learned : row.model()));
        if (trained && !row.full()) {
            model.addAll(List.of("--adapter", "row=" + learned, "--use", "row"));
        }
        return model;
    }

    private static Stage evaluate(StudyRow row, Evaluation evaluation, List<String> model) {
        List<String> options = new ArrayList<>(evaluation.options());
        options.addAll(List.of("--out", "{out}/scores.jsonl"));
        return little(evaluation.stage(row), "evaluate", model, options);
    }

    private static Stage join(StudyRow row, List<String> texts) {
        List<String> inputs = new ArrayList<>();
        texts.forEach(each -> inputs.addAll(List.of("--input", each)));
        List<String> rest = List.of("--samples", "--out", "{out}/generations.jsonl");
        return little("join-" + row.id(), "join", inputs, rest);
    }

    Stage tables(Collection<StudyRow> rows) {
        List<String> summaries = new ArrayList<>();
        for (StudyRow row : rows) {
            String file = "{%s}/scores.jsonl.summary.json".formatted(row.scoring());
            summaries.addAll(List.of("--run", row.name() + "=" + file));
            for (Evaluation each : row.evaluated() ? evaluations : List.<Evaluation>of()) {
                file = "{%s}/scores.jsonl.summary.json".formatted(each.stage(row));
                summaries.addAll(List.of("--run", row.name() + "=" + file));
            }
        }
        return little("tables", "tables", summaries, List.of("--out", "{out}"));
    }

    private static Stage little(String name, String command, List<String> a, List<String> b) {
        return stage(name, command, Stage.Work.LITTLE, a, b);
    }

    @SafeVarargs
    private static Stage stage(
            String name, String command, Stage.Work work, List<String>... arguments) {
        List<String> all = new ArrayList<>(List.of(command));
        for (List<String> each : arguments) {
            all.addAll(each);
        }
        return Stage.of(name, all, work);
    }
}
