package dev.longhand.service.http;

import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.status.EngineLoad;
import dev.longhand.service.GenerationSummary;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceObserver;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.config.NamingConvention;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Exports the metrics of a service with vLLM's names and buckets, so that vLLM's dashboards work
 * (vLLM, docs/usage/metrics and vllm/v1/metrics/loggers.py).
 */
final class ServiceMetrics implements ServiceObserver {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double[] FIRST_TOKEN_SECONDS = {
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20,
        40, 80, 160, 640, 2560
    };

    /** vLLM's buckets from 10 ms on, and lower ones for small models. */
    private static final double[] TOKEN_SECONDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5,
        5, 7.5, 10, 20, 40, 80
    };

    private static final double[] REQUEST_SECONDS = {
        0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
    };

    private static final double[] TOKENS = {
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000
    };

    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private final Service service;
    private final Tags tags;
    private final Timer firstToken;
    private final Timer interToken;
    private final Timer outputToken;
    private final Timer request;
    private final Timer queued;
    private final Timer prefill;
    private final Timer decode;
    private final Timer meanToken;
    private final DistributionSummary promptSize;
    private final DistributionSummary outputSize;
    private final Counter promptTokens;
    private final Counter outputTokens;
    private final Counter cacheQueries;
    private final Counter cacheHits;

    ServiceMetrics(Service service) {
        this.service = service;
        registry.config().namingConvention(new ColonNames(registry.config().namingConvention()));
        tags = Tags.of("model_name", service.base(), "engine", "0");
        firstToken = timer("time_to_first_token", FIRST_TOKEN_SECONDS);
        interToken = timer("inter_token_latency", TOKEN_SECONDS);
        outputToken = timer("time_per_output_token", TOKEN_SECONDS); // vLLM's older name
        request = timer("e2e_request_latency", REQUEST_SECONDS);
        queued = timer("request_queue_time", REQUEST_SECONDS);
        prefill = timer("request_prefill_time", REQUEST_SECONDS);
        decode = timer("request_decode_time", REQUEST_SECONDS);
        meanToken = timer("request_time_per_output_token", TOKEN_SECONDS);
        promptSize = summary("request_prompt_tokens");
        outputSize = summary("request_generation_tokens");
        promptTokens = counter("prompt_tokens");
        outputTokens = counter("generation_tokens");
        cacheQueries = counter("prefix_cache_queries");
        cacheHits = counter("prefix_cache_hits");
        gauge("num_requests_running", EngineLoad::running);
        gauge("num_requests_waiting", EngineLoad::waiting);
        gauge("kv_cache_usage_perc", load -> (double) load.kvPagesHeld() / load.kvPages());
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        service.observe(this);
    }

    /** Keeps the colon of vLLM's names, which Micrometer would replace. */
    private record ColonNames(NamingConvention usual) implements NamingConvention {
        private static final String PREFIX = "vllm:";

        @Override
        public String name(String name, Meter.Type type, @Nullable String unit) {
            return name.startsWith(PREFIX)
                    ? PREFIX + usual.name(name.substring(PREFIX.length()), type, unit)
                    : usual.name(name, type, unit);
        }

        @Override
        public String tagKey(String key) {
            return usual.tagKey(key);
        }

        @Override
        public String tagValue(String value) {
            return usual.tagValue(value);
        }
    }

    private Timer timer(String name, double[] seconds) {
        Duration[] buckets =
                Arrays.stream(seconds)
                        .mapToObj(second -> Duration.ofNanos(Math.round(second * 1e9)))
                        .toArray(Duration[]::new);
        return Timer.builder("vllm:" + name)
                .tags(tags)
                .serviceLevelObjectives(buckets)
                .register(registry);
    }

    private DistributionSummary summary(String name) {
        return DistributionSummary.builder("vllm:" + name)
                .tags(tags)
                .serviceLevelObjectives(TOKENS)
                .register(registry);
    }

    private Counter counter(String name) {
        return Counter.builder("vllm:" + name).tags(tags).register(registry);
    }

    private void gauge(String name, ToDoubleFunction<EngineLoad> value) {
        Gauge.builder("vllm:" + name, service, of -> value.applyAsDouble(of.engine().load()))
                .tags(tags)
                .register(registry);
    }

    @Override
    public void firstToken(String model, long nanos) {
        firstToken.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void nextToken(String model, long nanos) {
        interToken.record(nanos, TimeUnit.NANOSECONDS);
        outputToken.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void ended(GenerationSummary summary) {
        request.record(summary.nanos(), TimeUnit.NANOSECONDS);
        promptTokens.increment(summary.promptTokens());
        outputTokens.increment(summary.outputTokens());
        promptSize.record(summary.promptTokens());
        outputSize.record(summary.outputTokens());
        registry.counter("vllm:request_success", tags.and("finished_reason", reason(summary)))
                .increment();
        Usage usage = summary.usage();
        if (usage != null) {
            cacheQueries.increment(usage.promptTokens());
            cacheHits.increment(usage.cachedPromptTokens());
            queued.record(usage.queuedNanos(), TimeUnit.NANOSECONDS);
            prefill.record(usage.prefillNanos(), TimeUnit.NANOSECONDS);
            decode.record(usage.decodeNanos(), TimeUnit.NANOSECONDS);
            if (usage.outputTokens() > 1) {
                meanToken.record(
                        usage.decodeNanos() / (usage.outputTokens() - 1), TimeUnit.NANOSECONDS);
            }
        }
    }

    /** Maps a finish reason to vLLM's. */
    private static String reason(GenerationSummary summary) {
        return switch (summary.finish()) {
            case "cancelled" -> "abort";
            case "context" -> "length";
            default -> summary.finish();
        };
    }

    /**
     * Counts an HTTP response.
     *
     * @param path a known path, or a word for all others: each value makes a counter for good
     * @param method as the client sent it
     */
    void answered(String path, String method, int status) {
        registry.counter(
                        "http_requests",
                        "handler",
                        path,
                        "method",
                        METHODS.contains(method) ? method : "other",
                        "status",
                        Integer.toString(status))
                .increment();
    }

    /** Returns all metrics in Prometheus' text format. */
    String scrape() {
        return registry.scrape() + adapters();
    }

    /**
     * Formats the gauge of adapters by hand, since Prometheus' library strips {@code _info} from
     * the names of gauges.
     */
    private String adapters() {
        String running =
                service.runningModels().stream()
                        .filter(name -> !name.equals(service.base()))
                        .collect(Collectors.joining(","));
        return """
        # TYPE vllm:lora_requests_info gauge
        vllm:lora_requests_info{max_lora="%d",running_lora_adapters="%s",waiting_lora_adapters=""} %d
        """
                .formatted(
                        service.engine().adapters().list().size(),
                        running,
                        System.currentTimeMillis() / 1000);
    }
}
