package dev.longhand.bench;

import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Options of commands that measure an engine as servers use it. */
final class ServingModel {
    @Option(names = "--model", paramLabel = "DIR", description = "Hugging Face folder.")
    private String model = "";

    @Option(
            names = "--shape",
            defaultValue = "0.5b",
            description =
                    "Random weights of this shape where no --model is given."
                            + " Default: ${DEFAULT-VALUE}.")
    private String shape = "";

    @Option(
            names = "--cache",
            defaultValue = "",
            paramLabel = "DIR",
            description = "Where generated models are kept.")
    private String cache = "";

    @Option(names = "--device", defaultValue = "AUTO", description = "Default: auto.")
    private Device device = Device.AUTO;

    @Option(names = "--threads", defaultValue = "0", description = "0 is one per processor.")
    private int threads;

    @Option(
            names = "--weights",
            defaultValue = "BF16",
            description = "bf16, or a format to quantise to.")
    private DType weights = DType.BF16;

    /** An engine that takes one token of each sequence per step, so that pauses are steps. */
    EngineConfig.Builder engine() {
        Path folder = BenchModel.folder(model, shape, cache);
        return EngineConfig.of(folder)
                .device(device)
                .threads(threads)
                .weights(BenchModel.quantized(weights))
                .speculation(Speculation.OFF);
    }

    /**
     * A greedy request of exactly so many tokens.
     *
     * @param number requests of another number have another prompt
     */
    static GenerationRequest request(int number, int prompt, int tokens) {
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < prompt; i++) {
            ids.add((int) ((number * 7919L + i * 104_729L) % 600)); // every vocabulary has so many
        }
        return GenerationRequest.ids(ids)
                .withMaxTokens(tokens)
                .withSampling(SamplingOptions.greedy())
                .ignoringEos();
    }
}
