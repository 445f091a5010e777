package dev.longhand.app.cli;

import dev.longhand.batch.BatchRequest;
import dev.longhand.batch.BatchRun;
import dev.longhand.batch.Problem;
import dev.longhand.batch.RequestRun;
import dev.longhand.batch.RunConfig;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.HubCache;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.service.Service;
import dev.longhand.service.http.OfflineCompletions;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Opens the model of a run configuration and answers a file of problems with it, resumably. */
final class BatchJob {
    private static final String BASE = "base";

    private final ModelOptions model;
    private final CapacityOptions capacity;
    private final @Nullable Path config;

    /**
     * Creates a job.
     *
     * @param config the run configuration, which problems need
     */
    BatchJob(ModelOptions model, CapacityOptions capacity, @Nullable Path config) {
        this.model = model;
        this.capacity = capacity;
        this.config = config;
    }

    /** Shows the progress of the run on a bar, and notes as lines. */
    private record Reported(LoadBar bar) implements BatchRun.Progress {
        @Override
        public void answered(int done, int total) {
            bar.loaded(done, total);
        }

        @Override
        public void noted(String line) {
            bar.noted(line);
        }
    }

    /** The adapter that the configuration or {@code --use} names. */
    private record Chosen(String name, Path folder) {}

    /**
     * Generates the answers that the output lacks.
     *
     * @param input JSONL of problems
     * @param out JSONL of generations, in the order of the problems
     */
    void run(Path input, Path out) throws InterruptedException {
        if (config == null) {
            throw new InputException("--config is missing, which a file of problems needs");
        }
        RunConfig run = RunConfig.read(config);
        List<Problem> problems = Problem.read(input);
        Path folder = modelFolder(run);
        EngineConfig engineConfig = engineConfig(run.contextTokensMax(), folder);
        Chosen adapter = adapter(run);
        String sha = modelSha(folder);
        try (LoadBar bar = new LoadBar();
                Engine engine = Engine.open(engineConfig.withProgress(bar))) {
            bar.finish();
            System.err.println(engine.backendDescription());
            if (adapter != null) {
                engine.adapters().load(adapter.name, adapter.folder, run.adapterScale());
            }
            BatchRun batch =
                    new BatchRun(
                            engine,
                            new Service(engine, BASE, null),
                            run,
                            problems,
                            new BatchRun.Source(
                                    folder,
                                    sha,
                                    adapter == null ? null : adapter.name,
                                    machine(engine, engineConfig)));
            int context = engine.contextTokensMax();
            answer(out, progress -> batch.run(input, out, context, atATime(), progress));
        }
    }

    /** A run that reports its progress. */
    private interface Reporting {
        BatchRun.Summary run(BatchRun.Progress progress) throws InterruptedException;
    }

    /**
     * Answers the requests whose answers the output lacks.
     *
     * @param input JSONL of requests in OpenAI's batch form
     * @param out JSONL of responses, in the order of the requests
     */
    void runRequests(Path input, Path out) throws InterruptedException {
        RunConfig run = config == null ? null : RunConfig.read(config);
        List<BatchRequest> requests = BatchRequest.read(input);
        Path folder = modelFolder(run);
        EngineConfig engineConfig =
                engineConfig(run == null ? null : run.contextTokensMax(), folder);
        Map<String, String> settings = new TreeMap<>(Map.of("model_sha", modelSha(folder)));
        try (LoadBar bar = new LoadBar();
                Engine engine = Engine.open(engineConfig.withProgress(bar))) {
            bar.finish();
            System.err.println(engine.backendDescription());
            for (AdapterInfo each : engine.adapters().list()) {
                settings.put("adapter " + each.name(), each.identity());
            }
            settings.put("machine", machine(engine, engineConfig));
            settings.put("max_context", Integer.toString(engine.contextTokensMax()));
            Service service = new Service(engine, ModelFolder.nameOf(folder), null);
            RequestRun batch = new RequestRun(new OfflineCompletions(service), requests);
            answer(out, progress -> batch.run(input, out, settings, atATime(), progress));
        }
    }

    private EngineConfig engineConfig(@Nullable Integer contextTokensMax, Path folder) {
        EngineConfig engineConfig = model.engine(folder);
        if (contextTokensMax != null) {
            engineConfig = engineConfig.withContextTokensMax(contextTokensMax);
        }
        return capacity.offline(engineConfig, atATime());
    }

    /** Problems that are submitted at once: enough to keep all sequences busy. */
    private int atATime() {
        return (int) Math.min(Integer.MAX_VALUE, 2L * capacity.sequences());
    }

    private static void answer(Path out, Reporting run) throws InterruptedException {
        long start = System.nanoTime();
        try (LoadBar bar = new LoadBar("answering", " answers", 1)) {
            BatchRun.Summary summary = run.run(new Reported(bar));
            bar.finish();
            double seconds = (System.nanoTime() - start) / 1e9;
            String ends =
                    summary.finishes().entrySet().stream()
                            .map(each -> each.getValue() + " " + each.getKey())
                            .collect(Collectors.joining(", "));
            System.err.printf(
                    Locale.ROOT,
                    "%s: %d answers before%s; %d tokens in %.1f s, %.1f tokens/s%n",
                    out,
                    summary.before(),
                    ends.isEmpty() ? ", none to be made" : "; now " + ends,
                    summary.outputTokens(),
                    seconds,
                    summary.outputTokens() / seconds);
        }
    }

    private Path modelFolder(@Nullable RunConfig run) {
        if (!model.model().toString().isEmpty()) {
            return model.model();
        }
        if (run == null) {
            throw new InputException("--model is missing");
        }
        if (run.model() == null) {
            throw new InputException(config + ": names no model, and --model is not given");
        }
        return HubCache.ofEnvironment().resolve(run.folder(), run.model());
    }

    private @Nullable Chosen adapter(RunConfig run) {
        String asked = model.use() != null ? model.use() : run.adapter();
        if (asked == null) {
            return null;
        }
        Path named = model.adapters().get(asked);
        if (named != null) {
            return new Chosen(asked, named);
        }
        Path folder = HubCache.ofEnvironment().resolve(run.folder(), asked);
        if (!Files.exists(folder)) {
            throw new InputException(
                    "adapter %s is neither named by --adapter nor a folder".formatted(asked));
        }
        return new Chosen("configured", folder);
    }

    private static String modelSha(Path folder) {
        try (LoadBar bar = new LoadBar("hashing")) {
            return BatchRun.modelSha(folder, bar);
        }
    }

    /**
     * Describes the device and the dtypes for the manifest, without the thread count, which does
     * not change results.
     */
    private static String machine(Engine engine, EngineConfig config) {
        String device = engine.backendDescription().replaceAll(", \\d+ threads?", "");
        device = device.substring(0, device.indexOf(')') + 1);
        Map<String, Object> kept = new TreeMap<>();
        kept.put("weights", config.weights() == null ? "stored" : config.weights());
        kept.put("kv", config.kvDtype() == null ? "default" : config.kvDtype());
        return device + " " + kept;
    }
}
