package dev.longhand.engine;

import static java.lang.System.Logger.Level.DEBUG;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.constraint.AnswerFormats;
import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.FileChangedException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.OpenResources;
import dev.longhand.engine.generation.GenerationDefaults;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.engine.model.LoadedModel;
import dev.longhand.engine.model.ModelLoader;
import dev.longhand.engine.schedule.DeviceThread;
import dev.longhand.engine.status.EngineLoad;
import dev.longhand.engine.status.MemoryPlan;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.kvcache.KvShape;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A loaded model that generates. Any thread may submit requests. They run in one batch, one step of
 * the model at a time, and the output of a request does not depend on the others. A process may
 * have several engines.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(EngineConfig.of(Path.of("Qwen2.5-0.5B-Instruct")))) {
 *     Generation answer = engine.submit(GenerationRequest.chat("What is 17 * 24?"));
 *     System.out.println(answer.await().text());
 * }
 * }</pre>
 */
public final class Engine implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Engine.class.getName());

    private final EngineSetup setup;
    private final PromptEncoder encoder;
    private final MemoryPlan memoryPlan;
    private final String backendDescription;
    private final DeviceThread deviceThread;
    private final Adapters adapters;
    private final OpenResources resources;
    private final boolean penalisedDrafts;
    private final @Nullable AnswerFormats formats; // null without a tokenizer
    private final Runnable requireSound;
    private volatile boolean closed;

    private Engine(
            EngineSetup setup,
            PromptEncoder encoder,
            MemoryPlan memoryPlan,
            String backendDescription,
            DeviceThread deviceThread,
            Adapters adapters,
            OpenResources resources,
            boolean penalisedDrafts,
            Runnable requireSound) {
        this.setup = setup;
        this.encoder = encoder;
        this.memoryPlan = memoryPlan;
        this.backendDescription = backendDescription;
        this.deviceThread = deviceThread;
        this.adapters = adapters;
        this.resources = resources;
        this.penalisedDrafts = penalisedDrafts;
        formats =
                setup.tokenizer()
                        .map(
                                each ->
                                        new AnswerFormats(
                                                each.table(),
                                                encoder.toolCallForm(),
                                                setup.sampledTokens()))
                        .orElse(null);
        this.requireSound = requireSound;
    }

    /**
     * Opens a model.
     *
     * @throws InputException if a file of the model cannot be used, or memory does not suffice
     * @throws dev.longhand.kernels.BackendUnavailableException if the device is not available
     */
    @SuppressWarnings("MustBeClosedChecker") // the engine closes it
    public static Engine open(EngineConfig config) {
        OpenResources resources = new OpenResources();
        try {
            EngineSetup read = resources.add(EngineSetup.read(config));
            AtomicReference<String> reason = new AtomicReference<>("");
            ModelLoader loader = resources.add(read.openLoader(config, reason::set));
            EngineSetup setup = read.sized(config, loader);
            ComputeBackend backend = loader.backend();
            MemoryPlan plan = setup.plan(loader.linear(), backend);
            plan.requireFit();
            KvShape kvShape = setup.kvShape(backend);
            requireAttention(backend, kvShape, setup.model().heads());
            if (config.weightsCache()) {
                loader.linear().cache(config.threads(), config.progress());
            }
            LoadedModel loaded =
                    resources.add(
                            loader.load(backend, setup.stepSize(), kvShape, config.progress()));
            DeviceThread thread =
                    new DeviceThread(loaded.model(), backend, loaded.kv(), setup.limits());
            Adapters adapters =
                    new Adapters(
                            plan.adapterBytesMax(),
                            loader.checkpoint(),
                            setup.model(),
                            loaded.model(),
                            backend,
                            thread,
                            !loader.linear().dtypes().isEmpty(),
                            config.threads());
            resources.add(adapters);
            resources.add(thread);
            config.adapters().forEach(adapters::load);
            LOG.log(DEBUG, "opened {0} on {1}", config.model(), reason.get());
            return new Engine(
                    setup,
                    promptEncoder(config, setup),
                    plan,
                    reason.get(),
                    thread,
                    adapters,
                    resources,
                    backend.capabilities().samplesInOrder(),
                    loader::requireSound);
        } catch (RuntimeException | Error e) {
            resources.close();
            throw e;
        }
    }

    /**
     * Describes a model and the memory that an engine would take, without loading weights.
     *
     * @throws InputException if a file of the model cannot be used
     * @throws dev.longhand.kernels.BackendUnavailableException if the device is not available
     */
    public static ModelSummary inspect(EngineConfig config) {
        try (EngineSetup setup = EngineSetup.read(config);
                ModelLoader loader = setup.openLoader(config, reason -> {})) {
            return setup.sized(config, loader).summary(loader);
        }
    }

    private static PromptEncoder promptEncoder(EngineConfig config, EngineSetup setup) {
        return new PromptEncoder(
                config.model(),
                setup.tokenizer().orElse(null),
                setup.model().vocabSize(),
                setup.limits().contextTokensMax());
    }

    private static void requireAttention(ComputeBackend backend, KvShape kv, int heads) {
        backend.capabilities()
                .refusal(kv, heads)
                .ifPresent(
                        reason -> {
                            throw new InputException(reason + ", this model cannot run there");
                        });
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    /** Describes in one line the device that computes and why it was chosen. */
    public String backendDescription() {
        return backendDescription;
    }

    /** Returns the settings of {@code config.json}. */
    public ModelConfig model() {
        return setup.model();
    }

    /** Returns the settings of {@code generation_config.json}. */
    public GenerationDefaults generationDefaults() {
        return setup.defaults();
    }

    /** Returns the tokenizer, if the folder has one. */
    public Optional<Tokenizer> tokenizer() {
        return setup.tokenizer();
    }

    /**
     * Returns what the model's folder says of its tokenizer, as far as it does, by the keys of
     * {@code tokenizer_config.json}: {@code tokenizer_class}, the texts of the special tokens
     * ({@code eos_token}, …) and the source of the {@code chat_template}.
     */
    public Map<String, String> tokenizerSettings() {
        return encoder.tokenizerSettings();
    }

    /**
     * Returns the text of a prompt as {@link #submit} gives it to the tokenizer; the chat template
     * renders a conversation.
     *
     * @throws InputException if the prompt is token ids, or is a conversation and the model has no
     *     supported chat template
     */
    public String promptText(Prompt prompt) {
        return encoder.text(prompt);
    }

    /** Returns how the model writes calls of functions, which its chat template shows. */
    public ToolCallForm toolCallForm() {
        return encoder.toolCallForm();
    }

    /**
     * Returns the texts that may stand around a thought; those that come first count. Empty without
     * a tokenizer.
     */
    public List<ThoughtMarkers> thoughtMarkers(Thinking thinking) {
        return tokenizer().isEmpty() ? List.of() : encoder.markers(thinking).markers();
    }

    /**
     * Returns the control tokens that have text in an output, because a marker of the thought
     * begins with them.
     */
    public Set<Integer> shownTokens(Thinking thinking) {
        return tokenizer().isEmpty() ? Set.of() : encoder.markers(thinking).shownTokens();
    }

    /** Returns the LoRA adapters that requests may name. */
    public Adapters adapters() {
        return adapters;
    }

    /** Returns the current load. It is not alive once a file of the model was changed in place. */
    public EngineLoad load() {
        EngineLoad load = deviceThread.load();
        try {
            requireSound.run();
            return load;
        } catch (FileChangedException e) {
            return load.lost();
        }
    }

    /** Returns the longest sequence that the engine admits, in tokens: prompt and output. */
    public int contextTokensMax() {
        return setup.limits().contextTokensMax();
    }

    /** Returns the memory that the engine takes. */
    public MemoryPlan memoryPlan() {
        return memoryPlan;
    }

    /**
     * Submits a request. The generation starts as soon as its memory is free.
     *
     * @throws InputException if the engine cannot fulfil the request; {@link
     *     dev.longhand.engine.error.AnswerFormatException} if that is for its answer format
     * @throws EngineBusyException as {@link #submitAll}
     * @throws IllegalStateException if the engine is closed
     * @throws java.util.concurrent.CancellationException as {@link #submitAll}
     */
    public Generation submit(GenerationRequest request) {
        return submitAll(request, 1).getFirst();
    }

    /**
     * Submits a request for several samples of one prompt: all or none are queued. The prompt is
     * computed once, and the samples share its KV pages. Sample i equals a single generation with
     * the request's seed plus i; without a seed, the first is random.
     *
     * @param samples at least 1
     * @throws InputException if the engine cannot fulfil the request, or the samples exceed the
     *     capacity of the queue
     * @throws EngineBusyException if the queue has no room for them now, or other prompts fill the
     *     heap that is there for encoding
     * @throws IllegalStateException if the engine is closed
     * @throws java.util.concurrent.CancellationException if this thread is interrupted while the
     *     prompt is encoded or its adapter read; its interrupt status stays set
     */
    public List<Generation> submitAll(GenerationRequest request, int samples) {
        requireOpen();
        int samplesMax = setup.limits().queueDepthMax();
        if (samples < 1 || samples > samplesMax) {
            throw new InputException("samples: 1..%d, not %d".formatted(samplesMax, samples));
        }
        PreparedRequest submission =
                new PreparedRequest(setup, encoder, request, formats, penalisedDrafts);
        adapters.begin(
                request.adapter(),
                samples,
                uses -> deviceThread.submit(submission.sequences(uses)));
        return submission.generations();
    }

    /**
     * Returns the token ids of a prompt as {@link #submit} gives them to the model.
     *
     * @throws InputException if the model cannot take the prompt
     * @throws EngineBusyException if other prompts fill the heap that is there for encoding
     * @throws IllegalStateException if the engine is closed
     * @throws java.util.concurrent.CancellationException if this thread is interrupted; its
     *     interrupt status stays set
     */
    public int[] tokens(Prompt prompt) {
        requireOpen();
        return encoder.encode(prompt);
    }

    /**
     * Cancels every generation and frees all memory; idempotent. Generations can still be read to
     * their end.
     */
    @Override
    public synchronized void close() {
        closed = true;
        resources.close();
        LOG.log(DEBUG, "closed");
    }
}
