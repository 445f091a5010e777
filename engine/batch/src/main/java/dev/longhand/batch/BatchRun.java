package dev.longhand.batch;

import dev.longhand.engine.Engine;
import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationCollector;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationResult;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.sampling.NonFiniteLogitsException;
import dev.longhand.service.ServedGeneration;
import dev.longhand.service.Service;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Answers a file of problems through a service, many at a time. Each answer is stored as it ends
 * and appears in the output in the order of the problems. An interrupted run resumes, and its
 * output is byte for byte that of an uninterrupted run.
 *
 * <p>One thread calls {@link #run}, once. Virtual threads read the generations and pass their ends
 * to it through a queue; that thread alone touches the files.
 */
public final class BatchRun {
    private static final JsonMapper JSON = new JsonMapper();

    private final Engine engine;
    private final Service service;
    private final RunConfig config;
    private final Source source;
    private final @Nullable String adapterSha;
    private final RunPlan plan;
    private final BlockingQueue<Ended> ended = new LinkedBlockingQueue<>();
    private final Map<Integer, ServedGeneration> running = new HashMap<>();
    private final Map<String, Integer> finishes = new TreeMap<>();
    private long outputTokens;

    /**
     * The model, the adapter and the machine of a run.
     *
     * @param model a Hugging Face folder
     * @param modelSha the model's {@link BatchRun#modelSha}
     * @param adapter the adapter's name in the service; null is the base
     * @param machine the device and the dtypes, on which answers depend
     */
    public record Source(Path model, String modelSha, @Nullable String adapter, String machine) {}

    /** Receives the progress of a run. */
    public interface Progress {
        /** Reports the number of stored answers, including those of earlier runs. */
        void answered(int done, int total);

        /** Receives one line about damage that was found in the files of the run. */
        default void noted(String line) {}
    }

    /**
     * The result of a run.
     *
     * @param before answers that earlier runs had stored
     * @param finishes the number of new answers by finish reason
     * @param outputTokens the tokens of the new answers
     */
    public record Summary(int before, Map<String, Integer> finishes, long outputTokens) {}

    /** The end of a generation: an answer, or a failure that ends the run. */
    private record Ended(
            int index,
            Generation line,
            @Nullable Usage usage,
            @Nullable RuntimeException failure) {}

    /**
     * Prepares a run.
     *
     * @param service a service over the engine
     * @throws InputException if the engine lacks the adapter
     */
    public BatchRun(
            Engine engine,
            Service service,
            RunConfig config,
            List<Problem> problems,
            Source source) {
        this.engine = engine;
        this.service = service;
        this.config = config;
        this.source = source;
        adapterSha = adapterSha(engine, source);
        plan = new RunPlan(problems, config);
        config.sampling().resolve(engine.generationDefaults(), 0, 0); // rejects invalid options
        prompt(problems.getFirst()); // rejects a model without a chat template
    }

    /**
     * Computes the SHA-256 that identifies a model in the output.
     *
     * @param progress receives the bytes read; several threads call it concurrently
     */
    public static String modelSha(Path model, LoadProgress progress) {
        return FileHash.ofModel(model, progress);
    }

    /**
     * Generates the missing answers.
     *
     * @param input the file of the problems
     * @param out the output file; other files of the run are beside it, with its name as prefix
     * @param atATime the number of concurrent answers
     * @throws InputException if the output belongs to another run, or another run is writing it
     * @throws java.io.UncheckedIOException if a write fails; stored answers are kept
     */
    public Summary run(Path input, Path out, int contextTokensMax, int atATime, Progress progress)
            throws InterruptedException {
        RunManifest manifest =
                new RunManifest(
                        config,
                        FileHash.of(input),
                        source.modelSha,
                        adapterSha,
                        contextTokensMax,
                        source.machine);
        try (RunFiles files = RunFiles.open(out, manifest, plan)) {
            files.damage().forEach(line -> progress.noted(out + ": " + line));
            int before = files.stored();
            progress.answered(before, plan.total());
            int next = 0;
            while (files.stored() < plan.total()) {
                while (next < plan.total() && running.size() < atATime) {
                    int count = missing(files, next, atATime - running.size());
                    if (count > 0) {
                        begin(next, count);
                    }
                    next += Math.max(1, count);
                }
                collect(files);
                progress.answered(files.stored(), plan.total());
            }
            files.complete();
            return new Summary(before, finishes, outputTokens);
        } finally {
            running.values().forEach(ServedGeneration::cancel);
        }
    }

    private static @Nullable String adapterSha(Engine engine, Source source) {
        if (source.adapter == null) {
            return null;
        }
        return engine.adapters().list().stream()
                .filter(each -> each.name().equals(source.adapter))
                .findFirst()
                .orElseThrow(() -> new InputException("no adapter " + source.adapter))
                .identity();
    }

    /**
     * Counts the consecutive missing answers from an index on, within one problem and up to {@code
     * max}.
     */
    private int missing(RunFiles files, int index, int max) {
        int end = index + Math.min(max, plan.samplesFrom(index));
        int count = 0;
        while (index + count < end && !files.has(index + count)) {
            count++;
        }
        return count;
    }

    private String prompt(Problem problem) {
        List<ChatMessage> messages = config.messages(problem.question());
        return engine.promptText(new Prompt.Chat(messages, List.of(), config.template()))
                + config.prefill();
    }

    /** Submits samples of one problem, which share the prompt. */
    private void begin(int index, int count) {
        Problem problem = plan.problem(index);
        String prompt = prompt(problem);
        List<ServedGeneration> samples;
        try {
            samples =
                    service.submit(source.adapter, config.request(prompt, plan.seed(index)), count);
        } catch (InputException e) { // caused by this problem, for example by its length
            for (int i = 0; i < count; i++) {
                ended.add(new Ended(index + i, refused(index + i, prompt, e), null, null));
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            int each = index + i;
            ServedGeneration generation = samples.get(i);
            running.put(each, generation);
            Thread.ofVirtual().start(() -> read(each, prompt, generation));
        }
    }

    private Generation refused(int index, String prompt, RuntimeException why) {
        return line(index, prompt, "", "error", 0, 0, why);
    }

    private Generation line(
            int index,
            String prompt,
            String text,
            String finish,
            int promptTokens,
            int tokens,
            @Nullable RuntimeException why) {
        Problem problem = plan.problem(index);
        return new Generation(
                problem.id(),
                plan.sample(index),
                Sha256.hex(prompt),
                text,
                finish,
                promptTokens,
                tokens,
                plan.seed(index),
                source.modelSha,
                adapterSha,
                why == null ? null : why.getMessage(),
                problem.others());
    }

    /** Reads a generation to its end, on a thread of its own. */
    private void read(int index, String prompt, ServedGeneration generation) {
        try (generation) {
            ended.add(drain(index, prompt, generation));
        } catch (InterruptedException | RuntimeException e) {
            ended.add(failed(index, prompt, new IllegalStateException(e)));
        } catch (Error e) { // such as a full heap; the run must not wait for ever
            ended.add(failed(index, prompt, EngineFailureException.of(e)));
        }
    }

    private Ended drain(int index, String prompt, ServedGeneration generation)
            throws InterruptedException {
        GenerationCollector collector = new GenerationCollector();
        try {
            for (GenerationEvent event = generation.next();
                    event != null;
                    event = generation.next()) {
                collector.add(event);
            }
        } catch (NonFiniteLogitsException e) {
            int prompted = generation.promptIds().size();
            Generation line =
                    line(index, prompt, collector.text(), "error", prompted, collector.tokens(), e);
            return new Ended(index, line, null, null);
        } catch (RuntimeException e) {
            return failed(index, prompt, e);
        }
        GenerationResult result = collector.result();
        if (result.reason() == FinishReason.CANCELLED) {
            return failed(index, prompt, new IllegalStateException("cancelled"));
        }
        Usage usage = result.usage();
        Generation line =
                line(
                        index,
                        prompt,
                        result.text(),
                        finish(result),
                        usage.promptTokens(),
                        usage.outputTokens(),
                        null);
        return new Ended(index, line, usage, null);
    }

    /** The finish reason in the file, where a stop by an end-of-sequence token is "eos". */
    private String finish(GenerationResult result) {
        boolean eos =
                result.reason() == FinishReason.STOP
                        && !result.ids().isEmpty()
                        && engine.generationDefaults()
                                .eosTokenIds()
                                .contains(result.ids().getLast());
        return eos ? "eos" : result.reason().jsonName();
    }

    /** A failure that the problem did not cause: it ends the run, and a resumed run retries. */
    private Ended failed(int index, String prompt, RuntimeException cause) {
        return new Ended(index, refused(index, prompt, cause), null, cause);
    }

    /** Waits for an answer and stores all that have ended. */
    private void collect(RunFiles files) throws InterruptedException {
        List<Ended> batch = new ArrayList<>(List.of(ended.take()));
        ended.drainTo(batch);
        List<RunFiles.Stored> answers = new ArrayList<>();
        RuntimeException failure = null;
        for (Ended each : batch) {
            running.remove(each.index);
            if (each.failure != null) {
                failure = each.failure;
                continue;
            }
            answers.add(new RunFiles.Stored(each.index, each.line.json(), timing(each)));
            finishes.merge(each.line.finish(), 1, Integer::sum);
            outputTokens += Objects.requireNonNullElse(each.line.outputTokens(), 0);
        }
        files.store(answers);
        if (failure != null) {
            throw failure;
        }
    }

    /** Formats the timing, which the output leaves out since it differs between runs. */
    private static String timing(Ended each) {
        ObjectNode json = JSON.createObjectNode();
        json.set("id", each.line.id());
        json.put("sample", each.line.sample());
        Usage usage = each.usage;
        if (usage != null) {
            long first = usage.queuedNanos() + usage.prefillNanos();
            json.put("ttft_ms", Math.round(first / 1e6));
            json.put("total_ms", Math.round((first + usage.decodeNanos()) / 1e6));
        }
        return JSON.writeValueAsString(json);
    }
}
