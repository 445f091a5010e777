package dev.longhand.engine.serve;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.Usage;

import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What was served, in Prometheus text under the names that vLLM's dashboards use. Few enough
 * numbers to need no library.
 */
final class ServiceMetrics {
    private final Map<FinishReason, Long> finished = new EnumMap<>(FinishReason.class);
    private final Histogram firstToken =
            new Histogram(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);
    private final Histogram perToken =
            new Histogram(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5);
    private final Histogram whole = new Histogram(0.5, 1, 5, 10, 30, 60, 300, 900, 3600);
    private long running;
    private long promptTokens;
    private long cachedPromptTokens;
    private long outputTokens;
    private long failed;

    /** Counts below limits, as Prometheus has them. */
    private static final class Histogram {
        private final double[] limits;
        private final long[] counts;
        private long count;
        private double sum;

        Histogram(double... limits) {
            this.limits = limits;
            counts = new long[limits.length];
        }

        void add(double value) {
            for (int i = 0; i < limits.length; i++) {
                counts[i] += value <= limits[i] ? 1 : 0;
            }
            count++;
            sum += value;
        }

        void print(StringBuilder out, String name) {
            out.append("# TYPE %s histogram%n".formatted(name));
            for (int i = 0; i < limits.length; i++) {
                line(out, name + "_bucket{le=\"" + limits[i] + "\"}", counts[i]);
            }
            line(out, name + "_bucket{le=\"+Inf\"}", count);
            line(out, name + "_count", count);
            out.append(String.format(Locale.ROOT, "%s_sum %.6f%n", name, sum));
        }
    }

    synchronized void begun(int tokens) {
        running++;
        promptTokens += tokens;
    }

    synchronized void ended(FinishReason reason, Usage usage) {
        running--;
        finished.merge(reason, 1L, Long::sum);
        outputTokens += usage.outputTokens();
        cachedPromptTokens += usage.cachedPromptTokens();
        double queued = usage.queuedNanos() / 1e9;
        double prefill = usage.prefillNanos() / 1e9;
        double decode = usage.decodeNanos() / 1e9;
        if (usage.outputTokens() > 0) {
            firstToken.add(queued + prefill);
        }
        if (usage.outputTokens() > 1) {
            perToken.add(decode / (usage.outputTokens() - 1));
        }
        whole.add(queued + prefill + decode);
    }

    synchronized void failed() {
        running--;
        failed++;
    }

    /** How many are under way, waiting ones included. */
    synchronized long running() {
        return running;
    }

    /** Prometheus text. */
    synchronized String text(long adapterBytes) {
        StringBuilder out = new StringBuilder();
        gauge(out, "vllm:num_requests_running", running);
        counter(out, "vllm:prompt_tokens_total", promptTokens);
        counter(out, "vllm:prefix_cache_hits_total", cachedPromptTokens);
        counter(out, "vllm:generation_tokens_total", outputTokens);
        out.append("# TYPE vllm:request_success_total counter%n".formatted());
        for (FinishReason reason : FinishReason.values()) {
            @Nullable Long count = finished.get(reason);
            line(
                    out,
                    "vllm:request_success_total{finished_reason=\"%s\"}"
                            .formatted(reason.jsonName()),
                    count == null ? 0 : count);
        }
        counter(out, "longhand:request_failures_total", failed);
        gauge(out, "longhand:adapter_bytes", adapterBytes);
        firstToken.print(out, "vllm:time_to_first_token_seconds");
        perToken.print(out, "vllm:time_per_output_token_seconds");
        whole.print(out, "vllm:e2e_request_latency_seconds");
        return out.toString();
    }

    private static void counter(StringBuilder out, String name, long value) {
        out.append("# TYPE %s counter%n".formatted(name));
        line(out, name, value);
    }

    private static void gauge(StringBuilder out, String name, long value) {
        out.append("# TYPE %s gauge%n".formatted(name));
        line(out, name, value);
    }

    private static void line(StringBuilder out, String name, long value) {
        out.append(name).append(' ').append(value).append('\n');
    }
}
