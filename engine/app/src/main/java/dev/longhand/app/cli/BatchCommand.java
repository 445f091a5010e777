package dev.longhand.app.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code longhand batch}: generates answers to a file of problems. */
@Command(
        name = "batch",
        description =
                "Answers a file of problems; an interrupted run resumes with the same command.",
        modelTransformer = BatchCommand.ModelMayBeConfigured.class)
public final class BatchCommand implements Callable<Integer> {
    @Mixin private ModelOptions model = new ModelOptions();

    @Mixin private CapacityOptions capacity = new CapacityOptions();

    @Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "JSON: model, adapter, templates, sampling, n, seed, limits.")
    private Path config = Path.of("");

    @Option(
            names = "--input",
            required = true,
            paramLabel = "FILE",
            description = "JSONL: a problem with id and question on every line.")
    private Path input = Path.of("");

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of generations, in the order of the problems.")
    private Path out = Path.of("");

    /** Makes {@code --model} optional: the configuration may name the model. */
    static final class ModelMayBeConfigured implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec spec) {
            OptionSpec required = spec.findOption("--model");
            spec.remove(required);
            spec.addOption(OptionSpec.builder(required).required(false).build());
            return spec;
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        new BatchJob(model, capacity, config).run(input, out);
        return 0;
    }
}
