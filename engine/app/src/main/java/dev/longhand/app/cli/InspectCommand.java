package dev.longhand.app.cli;

import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.EngineSetup;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.backend.ComputeBackend;

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
        EngineConfig engine = model.engine().build();
        try (EngineSetup setup = EngineSetup.read(engine);
                Checkpoint checkpoint = Checkpoint.open(model.model());
                LinearWeights linear =
                        new LinearWeights(checkpoint, setup.model(), setup.weights())) {
            ModelConfig config = setup.model();
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
                                    setup.drawableTokens(),
                                    config.tiedEmbeddings() ? "tied" : "untied",
                                    config.maxPositions(),
                                    config.rope().theta(),
                                    config.rope().yarn() == null ? "" : " with YaRN",
                                    setup.defaults().eosTokenIds(),
                                    checkpoint.names().size(),
                                    linear.description()));
            try (ComputeBackend backend =
                    BackendChoice.open(engine.device(), 1, engine.prefill()).backend()) {
                console.print(setup.plan(linear, backend).table());
            }
            console.print("\n" + setup.memoryTable().text());
        }
        return 0;
    }
}
