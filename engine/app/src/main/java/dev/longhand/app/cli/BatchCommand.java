package dev.longhand.app.cli;

import dev.longhand.batch.BatchRequest;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code longhand batch}: generates answers to a file of problems or requests. */
@Command(
        name = "batch",
        description =
                "Answers a file of problems or requests; an interrupted run resumes with the same"
                        + " command.",
        modelTransformer = BatchCommand.ModelMayBeConfigured.class)
public final class BatchCommand implements Callable<Integer> {
    @Mixin private ModelOptions model = new ModelOptions();

    @Mixin private CapacityOptions capacity = new CapacityOptions();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = {
                "JSON: model, adapter, templates, sampling, n, seed, limits.",
                "Requests of OpenAI's batch form need none; it may give model and max_context."
            })
    private @Nullable Path config;

    @Option(
            names = "--input",
            required = true,
            paramLabel = "FILE",
            description =
                    "JSONL: on every line a problem with id and question, or a request with"
                            + " custom_id, method, url and body.")
    private Path input = Path.of("");

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of answers, in the order of the input.")
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
        BatchJob job = new BatchJob(model, capacity, config);
        if (BatchRequest.areIn(input)) {
            job.runRequests(input, out);
        } else {
            job.run(input, out);
        }
        return 0;
    }
}
