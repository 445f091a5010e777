package dev.longhand.app.cli;

import dev.longhand.engine.Engine;
import dev.longhand.engine.ModelSummary;
import dev.longhand.engine.architecture.ModelConfig;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.concurrent.Callable;

/** {@code longhand inspect}: prints a model's configuration and the memory that it needs. */
@Command(name = "inspect", description = "Prints a model's configuration and memory plan.")
public final class InspectCommand implements Callable<Integer> {
    @Mixin private ModelOptions model = new ModelOptions();

    @Override
    public Integer call() {
        Console console = new Console();
        ModelSummary summary = Engine.inspect(model.engine());
        ModelConfig config = summary.model();
        console.print(
                """
                architecture %s, %d layers, hidden %d, intermediate %d
                attention    %d query heads, %d key/value heads of %d
                vocabulary   %d rows, %d tokens may be sampled, embeddings %s
                positions    %d, RoPE theta %s%s
                end tokens   %s
                tensors      %d
                quantised    %s
                """
                        .formatted(
                                config.architecture().id(),
                                config.layers(),
                                config.hiddenSize(),
                                config.intermediateSize(),
                                config.heads(),
                                config.kvHeads(),
                                config.headDim(),
                                config.vocabSize(),
                                summary.sampledTokens(),
                                config.tiedEmbeddings() ? "tied" : "untied",
                                config.maxPositions(),
                                config.rope().theta(),
                                config.rope().scalingText(),
                                summary.defaults().eosTokenIds(),
                                summary.tensors(),
                                summary.weights()));
        console.print(summary.memory().table());
        console.print("\n" + summary.memoryTable());
        return 0;
    }
}
