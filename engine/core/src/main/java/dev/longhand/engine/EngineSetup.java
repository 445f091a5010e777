package dev.longhand.engine;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationDefaults;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.engine.memory.MemoryTable;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.model.ModelLoader;
import dev.longhand.engine.schedule.EngineLimits;
import dev.longhand.engine.status.MemoryPlan;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * Small files of a model folder and the limits that follow from them and from the configuration.
 * Reading it takes no memory for weights.
 *
 * @param model settings of {@code config.json}
 * @param defaults settings of {@code generation_config.json}
 * @param tokenizer absent if the folder has none; closed with the setup
 * @param limits limits of the scheduler, with defaults filled in
 * @param speculation setting for requests that do not choose
 * @param adapterBytesMax limit for host memory of adapters; null is the default
 * @param kvDtype element type of the KV cache; null is the most exact one of the backend
 * @param weights format that linear layers are quantised to; null keeps the stored one
 */
record EngineSetup(
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
     * @throws InputException if a file cannot be used or a limit is invalid
     */
    static EngineSetup read(EngineConfig config) {
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

    /** Size of the largest step. */
    StepSize stepSize() {
        return new StepSize(
                limits.rowsMax(),
                limits.logitRowsMax(),
                limits.sequencesMax(),
                limits.contextTokensMax());
    }

    /** Returns this setup with a KV pool that is sized from memory, unless its size was set. */
    EngineSetup sized(EngineConfig config, ModelLoader loader) {
        if (config.kvTokensMax() != null) {
            return this;
        }
        ComputeBackend backend = loader.backend();
        MemoryPlan plan = plan(loader.linear(), backend);
        long pageBytes = model.kvShape(1, kvDtype(backend)).bytes();
        long pages = plan.kvBytesMax() / 2 / pageBytes - limits.sequencesMax() + 1;
        int context = limits.contextTokensMax();
        long most = Math.min(Integer.MAX_VALUE / 2, (long) context * limits.sequencesMax());
        long tokens = Math.clamp(pages * KvShape.PAGE_POSITIONS, context, Math.max(context, most));
        return new EngineSetup(
                model,
                defaults,
                tokenizer,
                limits.withKvTokensMax((int) tokens),
                speculation,
                adapterBytesMax,
                kvDtype,
                weights);
    }

    private DType kvDtype(ComputeBackend backend) {
        return kvDtype != null ? kvDtype : backend.capabilities().kvDtype();
    }

    /** Shape of the KV pool. */
    KvShape kvShape(ComputeBackend backend) {
        return kvShape(backend, limits.kvTokensMax());
    }

    /** Adds one page per sequence beyond the first, because each fills its last page in part. */
    private KvShape kvShape(ComputeBackend backend, int tokens) {
        return model.kvShape(
                KvShape.pagesFor(tokens) + limits.sequencesMax() - 1, kvDtype(backend));
    }

    /** Number of tokens that may be sampled: vocabulary rows beyond the tokenizer are padding. */
    int sampledTokens() {
        return tokenizer
                .map(known -> Math.min(known.vocabularySize(), model.vocabSize()))
                .orElse(model.vocabSize());
    }

    /**
     * Opens the checkpoint and the backend.
     *
     * @param reason receives one line: which backend was chosen, and why
     */
    @SuppressWarnings("MustBeClosedChecker") // the loader closes its backend
    ModelLoader openLoader(EngineConfig config, Consumer<String> reason) {
        return ModelLoader.open(
                config.model(),
                model,
                weights,
                () -> {
                    BackendChoice choice =
                            BackendChoice.open(config.device(), config.threads(), config.prefill());
                    reason.accept(choice.reason());
                    return choice.backend();
                });
    }

    /** Summarises the model and the memory that an engine takes for it. */
    ModelSummary summary(ModelLoader loader) {
        MemoryPlan plan = plan(loader.linear(), loader.backend());
        return new ModelSummary(
                model,
                defaults,
                sampledTokens(),
                loader.checkpoint().names().size(),
                loader.linear().description(),
                limits.contextTokensMax(),
                fullContexts(plan, loader.backend()),
                plan,
                new MemoryTable(
                                model,
                                stepSize().activationBytes(model) + stepSize().ropeBytes(model),
                                HostMemory.availableBytes())
                        .text());
    }

    /**
     * Returns the number of full contexts that fit into memory together; at least one, at most a
     * full batch.
     */
    private int fullContexts(MemoryPlan plan, ComputeBackend backend) {
        int contexts =
                Math.min(limits.sequencesMax(), Integer.MAX_VALUE / limits.contextTokensMax());
        while (contexts > 1
                && kvShape(backend, contexts * limits.contextTokensMax()).bytes()
                        > plan.kvBytesMax()) {
            contexts--;
        }
        return contexts;
    }

    /**
     * Plans the memory of an engine with this setup on a backend.
     *
     * @throws InputException if the backend does not support a format of the weights
     */
    MemoryPlan plan(LinearWeights linear, ComputeBackend backend) {
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
