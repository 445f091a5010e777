package dev.longhand.bench.checkpoint;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;

/** Writes a random checkpoint, in bf16 or in GPTQ's 4-bit format. */
@Command(
        name = "checkpoint",
        mixinStandardHelpOptions = true,
        description = "Writes a Qwen2.5 checkpoint with random weights, without a tokenizer.")
public final class CheckpointCommand implements Runnable {
    @Parameters(
            index = "0",
            paramLabel = "SHAPE",
            description = "tiny, 0.5b, 1.5b, 3b, 7b, 14b, 32b or 72b.")
    private String shape = "";

    @Parameters(index = "1", paramLabel = "DIR", description = "A folder that does not exist yet.")
    private Path folder = Path.of("");

    @Option(
            names = "--format",
            defaultValue = "bf16",
            description =
                    "bf16, or gptq-int4: linear layers in 4 bits, groups of 128, as Qwen publishes"
                            + " them (the 32b shape: 19.4 GB). Default: ${DEFAULT-VALUE}.")
    private WeightFormat format = WeightFormat.BF16;

    @Option(names = "--seed", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--shard-bytes",
            defaultValue = "" + RandomCheckpoint.SHARD_BYTES,
            description = "The most that tensors of one file take. Default: ${DEFAULT-VALUE}.")
    private long shardBytes;

    @Override
    public void run() {
        new RandomCheckpoint(QwenShape.of(shape), format, seed, shardBytes)
                .write(folder, new WritingProgress(folder));
        System.out.println(folder);
    }
}
