package dev.longhand.service.http;

import dev.longhand.engine.status.EngineLoad;
import dev.longhand.service.Service;

import java.io.IOException;

/** Serves health, readiness and metrics for operators. */
final class StateEndpoints {
    /** The path of health, which needs no token, since health probes send none. */
    static final String HEALTH = "/health";

    /** The path of readiness. */
    static final String READY = "/ready";

    private static final String TEXT = "text/plain; charset=utf-8";

    private final Service service;
    private final ServiceMetrics metrics;

    StateEndpoints(Service service, ServiceMetrics metrics) {
        this.service = service;
        this.metrics = metrics;
    }

    /**
     * {@code GET /health}: 200 while the engine can run steps, else 503, which calls for a restart
     * of the process.
     */
    void health(Exchange exchange) throws IOException {
        boolean alive = service.engine().load().alive();
        exchange.text(alive ? 200 : 503, TEXT, alive ? "" : "the engine does not run\n");
    }

    /** {@code GET /ready}: 200 while a new request would be accepted. */
    void ready(Exchange exchange) throws IOException {
        EngineLoad load = service.engine().load();
        if (!load.alive()) {
            exchange.text(503, TEXT, "the engine does not run\n");
        } else if (service.draining()) {
            exchange.text(503, TEXT, "shutting down\n");
        } else if (load.queueFull()) {
            exchange.text(503, TEXT, "the queue is full\n");
        } else {
            exchange.text(200, TEXT, "ready\n");
        }
    }

    /** {@code GET /metrics}, in Prometheus' text format. */
    void metrics(Exchange exchange) throws IOException {
        exchange.text(200, ServiceMetrics.CONTENT_TYPE, metrics.scrape());
    }
}
