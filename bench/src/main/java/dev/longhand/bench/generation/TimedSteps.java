package dev.longhand.bench.generation;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Median;
import dev.longhand.bench.report.Metric;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;
import dev.longhand.kernels.tensor.DType;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * Whole steps of a {@link RandomModel}, each timed from the host until its tokens are there. Every
 * decode step computes the same position of each sequence, so that its context stays the same; no
 * two sequences share a page of KV.
 */
final class TimedSteps {
    /** Device memory that stays free, for the driver and for rounded allocations. */
    private static final long RESERVED_BYTES = 1L << 29;

    private static final int WARM_UPS_MAX = 4; // a step is recorded at its second run

    private final Setting setting;
    private final ComputeBackend backend;
    private final RandomModel random;
    private final OptionalDouble bandwidth;
    private final SamplerState[] samplers;

    /**
     * What is measured.
     *
     * @param shape the name of the shape
     * @param weights dtype of the linear layers
     * @param size the largest step
     * @param samples timed steps
     */
    record Setting(String shape, ModelConfig config, DType weights, StepSize size, int samples) {
        /** The bytes of a device without keys and values (computed). */
        long bytesWithoutKv(ComputeBackend backend) {
            return RandomModel.weightBytes(config, weights)
                    + size.activationBytes(config)
                    + size.ropeBytes(config)
                    + backend.scratchBytes(size.shape(config))
                    + RESERVED_BYTES;
        }

        /** The bytes of keys and values (computed). */
        long kvBytes(ComputeBackend backend, int context, int sequences) {
            return kvShape(backend, context, sequences).bytes();
        }

        private KvShape kvShape(ComputeBackend backend, int context, int sequences) {
            return config.kvShape(
                    sequences * KvShape.pagesFor(context), backend.capabilities().kvDtype());
        }

        /** The result that stands for a size that does not fit. */
        BenchResult skipped(long needed, long free) {
            return skipped(parameters(), needed, free);
        }

        private static BenchResult skipped(Map<String, String> parameters, long needed, long free) {
            parameters.put(
                    "note",
                    "skipped: takes %.1f GB (computed), %.1f GB are free"
                            .formatted(needed / 1e9, free / 1e9));
            return new BenchResult("Steps", parameters, Map.of(), Map.of());
        }

        private Map<String, String> parameters() {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("shape", shape);
            parameters.put("weights", weights.label());
            return parameters;
        }
    }

    /**
     * Prepares steps.
     *
     * @param random on the backend
     * @param bandwidth bytes per second of a copy on the device
     */
    TimedSteps(
            Setting setting, ComputeBackend backend, RandomModel random, OptionalDouble bandwidth) {
        this.setting = setting;
        this.backend = backend;
        this.random = random;
        this.bandwidth = bandwidth;
        samplers =
                Stream.generate(
                                () ->
                                        new SamplerState(
                                                SamplingParams.GREEDY, setting.config.vocabSize()))
                        .limit(setting.size.sequencesMax())
                        .toArray(SamplerState[]::new);
    }

    /** Times a decode step of the base model. */
    BenchResult decode(int sequences, int context) {
        return decode(sequences, context, 0, 0);
    }

    /**
     * Times a decode step with adapters.
     *
     * @param adapters the number of adapters that the sequences share evenly
     */
    BenchResult decodeWithAdapters(int sequences, int context, int rank, int adapters) {
        return decode(sequences, context, rank, adapters);
    }

    private BenchResult decode(int sequences, int context, int rank, int adapters) {
        Map<String, String> parameters = setting.parameters();
        parameters.put("step", "decode");
        parameters.put("adapters", adapters == 0 ? "" : adapters + " of r=" + rank);
        parameters.put("batch", Integer.toString(sequences));
        parameters.put("context", Integer.toString(context));
        long adapterBytes = adapters * RandomModel.adapterBytes(setting.config, rank);
        long kvBytes = setting.kvBytes(backend, context, sequences);
        long needed = adapterBytes + kvBytes + RESERVED_BYTES;
        long free = backend.freeBytes().orElse(Long.MAX_VALUE);
        if (needed > free) {
            return Setting.skipped(parameters, needed, free);
        }
        List<LoraAdapter> loaded = new ArrayList<>();
        int pagesEach = KvShape.pagesFor(context);
        try (KvCache kv = backend.allocateKv(setting.kvShape(backend, context, sequences));
                StepBatch batch = batch(sequences, pagesEach)) {
            for (int i = 0; i < adapters; i++) {
                loaded.add(random.adapter(rank));
            }
            fill(kv, batch, Math.min(context, KvShape.PAGE_POSITIONS));
            batch.clear();
            for (int sequence = 0; sequence < sequences; sequence++) {
                batch.setAdapter(sequence, adapters == 0 ? null : loaded.get(sequence % adapters));
                batch.add(sequence + 1, context - 1, sequence);
                batch.select();
            }
            double millis = median(() -> step(batch, kv, sequences));
            // a step reads one row of an untied embedding
            long weights = RandomModel.weightBytes(setting.config, setting.weights) - unread();
            long read = weights + adapterBytes + kvBytesRead(kv, context, sequences);
            return result(parameters, millis, sequences, read);
        } finally {
            loaded.forEach(LoraAdapter::close);
        }
    }

    private long unread() {
        boolean shared = setting.config.tiedEmbeddings() && !setting.weights.quantized();
        return shared ? 0 : DType.BF16.bytes(setting.config.layout().embedding().shape());
    }

    private static long kvBytesRead(KvCache kv, int context, int sequences) {
        return kv.shape().bytesPerPosition() * context * sequences;
    }

    private StepBatch batch(int sequences, int pagesEach) {
        int rows = Math.max(setting.size.rowsMax(), sequences);
        StepBatch batch = backend.allocateBatch(rows, sequences, pagesEach);
        for (int i = 0; i < sequences * pagesEach; i++) {
            batch.setPage(i / pagesEach, i % pagesEach, i);
        }
        return batch;
    }

    /** Prefills the first page and copies it to all others. */
    private void fill(KvCache kv, StepBatch batch, int positions) {
        batch.clear();
        for (int position = 0; position < positions; position++) {
            batch.add(position + 1, position, 0);
        }
        batch.select();
        step(batch, kv, 1);
        for (int page = 1; page < kv.shape().pages(); page++) {
            backend.copyPage(kv, 0, page);
        }
    }

    private void step(StepBatch batch, KvCache kv, int sampled) {
        random.model().forward(batch, kv);
        backend.sample(random.model().logits(), samplers, sampled);
    }

    /** Times a prefill of a prompt in an empty cache, until its first token. */
    BenchResult prefill(int prompt) {
        Map<String, String> parameters = setting.parameters();
        parameters.put("step", "prefill");
        parameters.put("batch", "1");
        parameters.put("context", Integer.toString(prompt));
        long needed = setting.kvBytes(backend, prompt, 1) + RESERVED_BYTES;
        long free = backend.freeBytes().orElse(Long.MAX_VALUE);
        if (needed > free) {
            return Setting.skipped(parameters, needed, free);
        }
        try (KvCache kv = backend.allocateKv(setting.kvShape(backend, prompt, 1));
                StepBatch batch = batch(1, KvShape.pagesFor(prompt))) {
            double millis = median(() -> prefill(kv, batch, prompt));
            return result(parameters, millis, prompt, 0);
        }
    }

    private void prefill(KvCache kv, StepBatch batch, int prompt) {
        for (int first = 0; first < prompt; first += StepReport.PREFILL_ROWS) {
            int end = Math.min(prompt, first + StepReport.PREFILL_ROWS);
            batch.clear();
            for (int position = first; position < end; position++) {
                batch.add(position % setting.config.vocabSize(), position, 0);
            }
            batch.select();
            step(batch, kv, 1);
        }
    }

    private double median(Runnable work) {
        List<Double> millis = new ArrayList<>();
        for (int i = -Math.min(WARM_UPS_MAX, setting.samples); i < setting.samples; i++) {
            long start = System.nanoTime();
            work.run();
            if (i >= 0) {
                millis.add((System.nanoTime() - start) / 1e6);
            }
        }
        return Median.of(millis);
    }

    private BenchResult result(
            Map<String, String> parameters, double millis, int tokens, long read) {
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(Metric.of("ms"), millis);
        metrics.put(TokenTimes.TOKENS_PER_SECOND, tokens * 1e3 / millis);
        if (read > 0) {
            metrics.put(new Metric("read (computed)", "GB"), read / 1e9);
            bandwidth.ifPresent(
                    limit ->
                            metrics.put(
                                    new Metric("of the copy bandwidth", "%"),
                                    100 * read / (millis / 1e3) / limit));
        }
        return new BenchResult("Steps", parameters, metrics, Map.of());
    }
}
