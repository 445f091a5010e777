package dev.longhand.engine;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationDefaults;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.engine.memory.MemoryPlan;
import dev.longhand.engine.memory.MemoryTable;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.schedule.EngineLimits;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/**
 * Everything about an engine that is known before it takes memory: what the folder says, and the
 * limits that follow from it and from the configuration.
 *
 * @param model architecture
 * @param defaults sampling defaults
 * @param tokenizer absent if the folder has none; closed with the setup
 * @param limits complete limits
 * @param speculation of the configuration
 * @param adapterBytesMax of the configuration
 * @param kvDtype how keys and values are kept; null is the most exact that the backend has
 * @param weights what linear layers are quantised to; null leaves them as they are stored
 */
public record EngineSetup(
        ModelConfig model,
        GenerationDefaults defaults,
        Optional<Tokenizer> tokenizer,
        EngineLimits limits,
        Speculation speculation,
        @Nullable Long adapterBytesMax,
        @Nullable DType kvDtype,
        @Nullable DType weights)
        implements AutoCloseable {
    /**
     * Reads the small files of a model folder.
     *
     * @throws InputException if one cannot be used, or the limits contradict it
     */
    public static EngineSetup read(EngineConfig config) {
        ModelConfig model = ModelConfig.read(config.model());
        int admitted = model.maxPositions();
        Integer asked = config.contextTokensMax();
        if (asked != null && asked > admitted) {
            throw new InputException(
                    "max-context %d: the model admits %d positions".formatted(asked, admitted));
        }
        int context =
                asked != null ? asked : Math.min(admitted, EngineConfig.CONTEXT_TOKENS_DEFAULT);
        Integer kvTokens = config.kvTokensMax();
        EngineLimits limits =
                new EngineLimits(
                        context,
                        kvTokens != null ? kvTokens : context,
                        config.sequencesMax(),
                        config.prefillRowsMax(),
                        config.steadyDecoding(),
                        config.queueDepthMax());
        GenerationDefaults defaults = GenerationDefaults.read(config.model(), model.eosTokenIds());
        return new EngineSetup(
                model,
                defaults,
                Tokenizer.open(config.model()),
                limits,
                config.speculation(),
                config.adapterBytesMax(),
                config.kvDtype(),
                config.weights());
    }

    @Override
    public void close() {
        tokenizer.ifPresent(Tokenizer::close);
    }

    /** The largest step. */
    StepSize stepSize() {
        return new StepSize(limits.rowsMax(), limits.logitRowsMax(), limits.contextTokensMax());
    }

    /**
     * The KV pool: pages for all tokens, and one more per sequence, as each fills its last page.
     */
    KvShape kvShape(ComputeBackend backend) {
        return new KvShape(
                model.layers(),
                KvShape.pagesFor(limits.kvTokensMax()) + limits.sequencesMax() - 1,
                model.kvHeads(),
                model.headDim(),
                kvDtype != null ? kvDtype : backend.capabilities().kvDtype());
    }

    /** Tokens that may be drawn: rows of the vocabulary beyond the tokenizer are padding. */
    public int drawableTokens() {
        return tokenizer
                .map(known -> Math.min(known.vocabularySize(), model.vocabSize()))
                .orElse(model.vocabSize());
    }

    /** Where a model of this shape fits, in several dtypes and contexts. */
    public MemoryTable memoryTable() {
        return new MemoryTable(
                model,
                stepSize().activationBytes(model) + stepSize().ropeBytes(model),
                HostMemory.availableBytes());
    }

    /**
     * The memory that an engine with this setup takes on a backend.
     *
     * @throws InputException if the backend does not compute with such weights
     */
    public MemoryPlan plan(LinearWeights linear, ComputeBackend backend) {
        for (DType dtype : linear.dtypes()) {
            backend.capabilities()
                    .refusal(dtype)
                    .ifPresent(
                            reason -> {
                                throw new InputException(
                                        dtype.quantizable()
                                                ? reason
                                                        + "; leave out EngineConfig.weights or use"
                                                        + " another device"
                                                : reason + "; use another device");
                            });
        }
        return new MemoryPlan(
                linear.bytes(),
                kvShape(backend).bytes(),
                limits.kvTokensMax(),
                stepSize().activationBytes(model) + backend.scratchBytes(stepSize().shape(model)),
                stepSize().ropeBytes(model),
                adapterBytesMax,
                backend.freeBytes().orElseGet(HostMemory::availableBytes));
    }
}
