package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.study.keywords.KeywordList;
import dev.longhand.study.perturb.KeywordMode;
import dev.longhand.study.perturb.Operator;
import dev.longhand.study.perturb.Outcome.Fate;
import dev.longhand.study.perturb.PerturbReport;
import dev.longhand.study.perturb.PerturbRun;
import dev.longhand.study.perturb.PerturbSettings;
import dev.longhand.study.segment.Segmentation;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code longhand perturb}: damages training data in the ways of the study. */
@Command(
        name = "perturb",
        description =
                "Perturbs training samples: numbers, keywords, steps of the thought, or answers.",
        modelTransformer = BatchCommand.ModelMayBeConfigured.class)
public final class PerturbCommand implements Callable<Integer> {
    @Option(
            names = "--op",
            required = true,
            paramLabel = "OP",
            description = "${COMPLETION-CANDIDATES}.")
    private Operator operator = Operator.DIGITS;

    @Option(
            names = "--ratio",
            required = true,
            paramLabel = "R",
            converter = Ratio.class,
            description =
                    "The share to touch: from 0 to 1, or with a percent sign from 0%% to 100%%.")
    private double ratio;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "The seed of the random numbers.")
    private long seed;

    @Option(
            names = "--input",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of training samples in ShareGPT's layout.")
    private Path input = Path.of("");

    @Option(names = "--out", paramLabel = "FILE", description = "JSONL of perturbed samples.")
    private @Nullable Path out;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "JSON of counts (default: the output's name with .report.json).")
    private @Nullable Path report;

    @Option(
            names = "--show",
            paramLabel = "N",
            defaultValue = "0",
            description = "Prints the first N changed samples, before and after.")
    private int shown;

    @Option(
            names = "--color",
            paramLabel = "WHEN",
            defaultValue = "auto",
            description = "${COMPLETION-CANDIDATES}: whether --show prints colours.")
    private Colour colour = Colour.AUTO;

    @Option(
            names = "--scope",
            paramLabel = "SCOPE",
            defaultValue = "message",
            description = "${COMPLETION-CANDIDATES}: where numbers and keywords are touched.")
    private Scope scope = Scope.MESSAGE;

    @Option(
            names = "--keyword-mode",
            paramLabel = "MODE",
            description =
                    "word: mentions are deleted; block: reflection steps are; model: the model of"
                        + " --config rewrites samples (default: model with --config, else word).")
    private @Nullable KeywordMode keywordMode;

    @Option(
            names = "--keywords",
            paramLabel = "FILE",
            description = "Keywords, one a line (default: the 19 reflection keywords).")
    private @Nullable Path keywords;

    @Option(
            names = "--segment",
            paramLabel = "MODE",
            defaultValue = "reflection",
            description =
                    "Steps are ${COMPLETION-CANDIDATES}: blocks between blank lines, blocks from"
                            + " one reflection to the next, text between #####, or as the model of"
                            + " --config divides.")
    private Division division = Division.REFLECTION;

    @Option(
            names = "--steps",
            paramLabel = "FILE",
            description = "JSONL with the steps of each sample, instead of --segment.")
    private @Nullable Path steps;

    @Option(
            names = "--insert",
            paramLabel = "MODE",
            defaultValue = "replace",
            description =
                    "${COMPLETION-CANDIDATES}: whether inserted steps replace the chosen ones.")
    private Insertion insertion = Insertion.REPLACE;

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "A model folder, whose tokenizer counts tokens for the report.")
    private @Nullable Path tokenizer;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "JSON as for batch: the model that rewrites or divides. Its user_template has"
                            + " the instruction and {question}, which is the text.")
    private @Nullable Path config;

    @Mixin private ModelOptions model = new ModelOptions();

    @Mixin private CapacityOptions capacity = new CapacityOptions();

    /** Converts a ratio, or a percentage. */
    static final class Ratio implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            boolean percent = value.endsWith("%");
            try {
                double number =
                        Double.parseDouble(
                                percent ? value.substring(0, value.length() - 1) : value);
                return percent ? number / 100 : number;
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'%s' is not a number".formatted(value));
            }
        }
    }

    /** Where text is touched. */
    enum Scope {
        MESSAGE,
        THOUGHT
    }

    /** What a step is. */
    enum Division {
        PARAGRAPH,
        REFLECTION,
        SEPARATOR,
        MODEL
    }

    /** What an inserted step does to the chosen one. */
    enum Insertion {
        REPLACE,
        ADD
    }

    /** When colours are printed. */
    enum Colour {
        AUTO,
        ALWAYS,
        NEVER
    }

    @Override
    public Integer call() throws InterruptedException, IOException {
        if (out == null && shown == 0) {
            throw new InputException("--out or --show is missing");
        }
        PerturbSettings settings =
                PerturbSettings.of(operator, ratio, seed)
                        .withThoughtOnly(scope == Scope.THOUGHT)
                        .withKeywords(mode(), keywordList())
                        .withKeepsOriginal(insertion == Insertion.ADD)
                        .withSegmentation(segmentation());
        Path answers = null;
        boolean asks =
                operator.usesSteps()
                        ? steps == null && division == Division.MODEL
                        : operator == Operator.KEYWORDS && mode() == KeywordMode.MODEL;
        if (asks) {
            answers = ask(settings);
            if (operator.usesSteps()) {
                settings = settings.withSegmentation(Segmentation.readAnswers(answers));
            }
        }
        PerturbReport counts = run(settings, operator.usesSteps() ? null : answers);
        Path file = report != null || out == null ? report : beside(out, ".report.json");
        if (file != null) {
            Files.writeString(file, counts.json().toPrettyString() + "\n");
        }
        System.err.println(summary(counts));
        return 0;
    }

    private static Path beside(Path file, String ending) {
        return file.resolveSibling(file.getFileName() + ending);
    }

    private PerturbReport run(PerturbSettings settings, @Nullable Path rewritings) {
        boolean colours =
                switch (colour) {
                    case AUTO -> StandardStreams.terminalOut() && StandardStreams.coloursAllowed();
                    case ALWAYS -> true;
                    case NEVER -> false;
                };
        PerturbationView view = new PerturbationView(new Console(), colours, shown);
        try (LoadBar bar = new LoadBar("perturbing");
                Tokenizer counter = tokenizer == null ? null : open(tokenizer)) {
            PerturbRun run = new PerturbRun(settings, bar, view);
            if (counter != null) {
                run.countTokens(counter);
            }
            if (rewritings != null) {
                run.takeRewritings(rewritings);
            }
            return run.run(input, out);
        }
    }

    private static Tokenizer open(Path given) {
        Path folder = ModelFolder.resolve(given);
        return Tokenizer.open(folder)
                .orElseThrow(() -> new InputException(folder + " has no tokenizer.json"));
    }

    private KeywordMode mode() {
        return keywordMode != null
                ? keywordMode
                : config != null && operator == Operator.KEYWORDS
                        ? KeywordMode.MODEL
                        : KeywordMode.WORD;
    }

    private KeywordList keywordList() throws IOException {
        return keywords == null
                ? KeywordList.REFLECTION
                : KeywordList.of(
                        Files.readAllLines(keywords).stream()
                                .filter(line -> !line.isBlank())
                                .toList());
    }

    private Segmentation segmentation() {
        if (steps != null) {
            return Segmentation.read(steps);
        }
        return switch (division) {
            case PARAGRAPH -> Segmentation.PARAGRAPH;
            case SEPARATOR -> Segmentation.SEPARATOR;
            case REFLECTION, MODEL -> Segmentation.REFLECTION; // the model's answers come later
        };
    }

    /** Has a model divide thoughts or rewrite messages, resumably, and returns its answers. */
    private Path ask(PerturbSettings settings) throws InterruptedException {
        if (config == null || out == null) {
            throw new InputException("a model is to be asked: that needs --config and --out");
        }
        Path questions = beside(out, ".questions.jsonl");
        Path answers = beside(out, ".answers.jsonl");
        if (PerturbRun.writeQuestions(settings, input, questions) == 0) {
            throw new InputException(input + ": has nothing to ask a model about");
        }
        new BatchJob(model, capacity, config).run(questions, answers);
        return answers;
    }

    private String summary(PerturbReport counts) {
        JsonNode json = counts.json();
        StringBuilder text = new StringBuilder(operator.jsonName());
        text.append(
                ": %d of %d samples"
                        .formatted(figure(json, "samples_out"), figure(json, "samples_in")));
        text.append(
                operator == Operator.WRONG
                        ? "; %d with right answers, %d with wrong ones, %d wrong ones missing"
                                .formatted(
                                        figure(json, "n_right"),
                                        figure(json, "n_wrong"),
                                        figure(json, "n_wrong_missing"))
                        : "; %d units, %d touched, %d changed"
                                .formatted(
                                        figure(json, "n_units"),
                                        figure(json, "n_touched"),
                                        figure(json, "n_changed")));
        append(text, counts.count(Fate.UNTAGGED), "without tags");
        append(text, counts.count(Fate.UNDIVIDED), "without matching steps");
        append(text, counts.count(Fate.REFUSED), "whose rewriting was refused");
        return text.toString();
    }

    private static long figure(JsonNode json, String key) {
        return json.path(key).asLong();
    }

    private static void append(StringBuilder text, int count, String kind) {
        if (count > 0) {
            text.append("; left as they were: %d %s".formatted(count, kind));
        }
    }
}
