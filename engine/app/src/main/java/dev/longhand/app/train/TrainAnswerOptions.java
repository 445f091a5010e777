package dev.longhand.app.train;

import dev.longhand.batch.FileHash;
import dev.longhand.batch.Problem;
import dev.longhand.batch.RunConfig;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.status.MemoryPlan;
import dev.longhand.kernels.Device;
import dev.longhand.training.model.TrainingPlan;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Options of evaluations by answers. */
final class TrainAnswerOptions {
    private static final int TOKENS_DEFAULT = 1024;

    /** Tokens that a chat template may add to a question. */
    private static final int TEMPLATE_TOKENS = 256;

    @Option(
            names = "--eval-problems",
            paramLabel = "FILE",
            description =
                    "JSONL of problems that evaluations answer greedily and score; the most right"
                            + " answers are then the best weights, and of as many the lower loss.")
    private @Nullable Path file;

    @Option(
            names = "--eval-tokens",
            paramLabel = "N",
            description = "Most tokens of such an answer (default: 1024).")
    private @Nullable Integer tokens;

    @Option(
            names = "--eval-sequences",
            paramLabel = "N",
            defaultValue = "8",
            description = "Answers at once (default: ${DEFAULT-VALUE}).")
    private int sequences;

    @Option(
            names = "--eval-config",
            paramLabel = "FILE",
            description =
                    "Run configuration of batch with the system message, the user message and"
                            + " max_new_tokens.")
    private @Nullable Path config;

    boolean asked() {
        if (file == null && (tokens != null || config != null)) {
            throw new InputException("--eval-tokens and --eval-config need --eval-problems");
        }
        return file != null;
    }

    /** The file of the problems. */
    Path file() {
        return Objects.requireNonNull(file);
    }

    int sequences() {
        return sequences;
    }

    /** Reads the problems. */
    List<Problem> problems() {
        List<Problem> problems = Problem.read(file());
        if (problems.isEmpty()) {
            throw new InputException(file() + ": there are no problems in it");
        }
        return problems;
    }

    /**
     * Reads the settings of the answers.
     *
     * @throws InputException if they are not those of one greedy answer per problem
     */
    RunConfig run() {
        if (config == null) {
            return RunConfig.greedy(tokens == null ? TOKENS_DEFAULT : tokens);
        }
        if (tokens != null) {
            throw new InputException("--eval-tokens is max_new_tokens of --eval-config; give one");
        }
        RunConfig run = RunConfig.read(config);
        Float temperature = run.sampling().temperature();
        if (temperature == null || temperature != 0 || run.samples() != 1) {
            throw new InputException(
                    config + ": evaluations take one greedy answer, so temperature 0 and n 1");
        }
        return run;
    }

    /** Identifies all that decides the answers but the weights. */
    String identity() {
        RunConfig run = run();
        return Sha256.hex(
                String.join(
                        "\n",
                        FileHash.of(file()),
                        config == null ? "" : FileHash.of(config),
                        String.valueOf(run.system()),
                        Integer.toString(run.newTokensMax())));
    }

    /** Sizes an engine for the longest question with its answer; a token has at least a byte. */
    EngineConfig sized(EngineConfig engine) {
        RunConfig run = run();
        long question =
                problems().stream().mapToLong(each -> bytes(each.question())).max().orElseThrow();
        long prompt =
                question
                        + bytes(run.userTemplate())
                        + bytes(run.prefill())
                        + bytes(String.valueOf(run.system()))
                        + TEMPLATE_TOKENS;
        Integer asked = run.contextTokensMax();
        long most =
                Math.min(
                        asked == null ? EngineConfig.CONTEXT_TOKENS_DEFAULT : asked,
                        ModelConfig.read(engine.model()).maxPositions());
        int context = (int) Math.min(most, prompt + run.newTokensMax());
        return engine.withContextTokensMax(context)
                .withKvTokensMax(Math.multiplyExact(sequences, context))
                .withSequencesMax(sequences)
                .withSteadyDecoding(false) // no client waits for tokens
                .withQueueDepthMax(2 * sequences);
    }

    private static long bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * Computes the host memory of the engine that answers. On a GPU it is none, and the engine
     * checks the GPU's memory when it opens.
     *
     * @param base the folder of the model before training
     */
    long memoryBytes(TrainMethodOptions method, Path base, TrainingPlan plan) {
        EngineConfig engine = method.engine(base);
        if (!asked() || !engine.device().equals(Device.CPU)) {
            return 0;
        }
        MemoryPlan memory = Engine.inspect(sized(engine)).memory();
        long others = memory.totalBytes() - memory.weightBytes();
        if (!method.lora()) {
            return others + plan.trained().parameters() * method.elements().bytes();
        }
        boolean asStored =
                engine.weights() == null && ModelConfig.read(base).quantization() == null;
        return asStored ? others : others + memory.weightBytes(); // stored ones are mapped once
    }
}
