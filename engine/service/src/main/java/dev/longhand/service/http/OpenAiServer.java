package dev.longhand.service.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.service.AccessLog;
import dev.longhand.service.ClientRules;
import dev.longhand.service.Dialect;
import dev.longhand.service.RequestRules;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Serves a service over HTTP with OpenAI's API, and vLLM's extensions where OpenAI defines nothing.
 * It uses the JDK's HTTP server with a virtual thread per request.
 */
public final class OpenAiServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(OpenAiServer.class.getName());
    private static final int CLOSE_SECONDS_MAX = 2;
    private static final Set<Integer> TURNED_AWAY = Set.of(401, 403, 421);

    private final ServiceLimits limits;
    private final Service service;
    private final Dialect dialect;
    private final WebGuard guard;
    private final BearerAuth auth;
    private final Map<String, Map<String, Endpoint>> endpoints;
    private final ModelEndpoints models;
    private final ServiceMetrics metrics;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ClientWatch watch;

    /**
     * Binds the address and starts to answer, by the rules of {@link ClientRules#OPEN}.
     *
     * @param token the bearer token that clients must send on all paths but {@code /health}; null
     *     requires none
     * @throws IOException if the address cannot be bound
     */
    public OpenAiServer(
            Service service,
            InetSocketAddress address,
            ServiceLimits limits,
            @Nullable String token)
            throws IOException {
        this(
                service,
                HttpListener.bind(address, limits),
                limits,
                ClientRules.OPEN.withToken(token));
    }

    /**
     * Starts to answer the clients of a listener, which {@link #close} closes.
     *
     * @param clients their token is the bearer token of all paths but {@code /health}
     */
    public OpenAiServer(
            Service service, HttpListener listener, ServiceLimits limits, ClientRules clients) {
        this.service = service;
        this.limits = limits;
        dialect = clients.dialect();
        guard = new WebGuard(clients, listener.address());
        auth = new BearerAuth(clients.token());
        metrics = new ServiceMetrics(service);
        RequestRules rules = RequestRules.of(service, limits, clients);
        models = new ModelEndpoints(service, dialect);
        endpoints = endpoints(service, rules, models, metrics);
        server = listener.server();
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        watch = new ClientWatch(server.getAddress().getPort());
        server.start();
    }

    private static Map<String, Map<String, Endpoint>> endpoints(
            Service service, RequestRules rules, ModelEndpoints models, ServiceMetrics metrics) {
        Completions completions = new Completions(service, rules);
        Responses responses = new Responses(completions, rules);
        TokenEndpoints tokens = new TokenEndpoints(service, rules);
        StateEndpoints state = new StateEndpoints(service, metrics);
        return Map.ofEntries(
                Map.entry("/v1/completions", Map.of("POST", completions::text)),
                Map.entry("/v1/chat/completions", Map.of("POST", completions::chat)),
                Map.entry("/v1/responses", Map.of("POST", responses::create)),
                Map.entry("/v1/models", Map.of("GET", models::list)),
                Map.entry("/v1/load_lora_adapter", Map.of("POST", models::load)),
                Map.entry("/v1/unload_lora_adapter", Map.of("POST", models::unload)),
                Map.entry("/tokenize", Map.of("POST", tokens::tokenize)),
                Map.entry("/detokenize", Map.of("POST", tokens::detokenize)),
                Map.entry(BearerAuth.HEALTH, Map.of("GET", state::health)),
                Map.entry("/ready", Map.of("GET", state::ready)),
                Map.entry("/metrics", Map.of("GET", state::metrics)));
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private void answer(HttpExchange http) {
        long beganNanos = System.nanoTime();
        Exchange exchange = new Exchange(http, limits, service.requestBytes(), dialect);
        watch.add(exchange);
        String path = endpoints.containsKey(exchange.path()) ? exchange.path() : "none";
        try {
            answer(exchange);
        } catch (IOException e) {
            exchange.setOutcome("the client has gone; " + exchange.outcome());
        } finally {
            watch.remove(exchange);
            exchange.close();
            metrics.answered(path, exchange.method(), exchange.status());
            AccessLog.log(
                    exchange.client().getAddress().getHostAddress()
                            + ":"
                            + exchange.client().getPort(),
                    exchange.method() + " " + exchange.path(),
                    exchange.status() + " " + exchange.outcome(),
                    System.nanoTime() - beganNanos);
        }
    }

    private void answer(Exchange exchange) throws IOException {
        boolean wellFormed = false;
        try {
            HttpSyntax.check(exchange);
            wellFormed = true;
            guard.check(exchange);
            if (WebGuard.isPreflight(exchange)) {
                WebGuard.preflight(exchange);
                exchange.empty(204);
            } else {
                auth.check(exchange);
                endpoint(exchange).answer(exchange);
            }
        } catch (RuntimeException | Error e) {
            HttpFailure failure = HttpFailure.of(EngineFailureException.of(e));
            if (TURNED_AWAY.contains(failure.status()) || !wellFormed) {
                exchange.setHeader("Connection", "close"); // it holds no place of others
            }
            if (failure.status() == 500) {
                LOG.log(System.Logger.Level.ERROR, "answering a request", e);
            }
            exchange.fail(failure);
        }
    }

    private Endpoint endpoint(Exchange exchange) {
        String path = exchange.path();
        String method = exchange.method().equals("HEAD") ? "GET" : exchange.method();
        Map<String, Endpoint> methods =
                path.startsWith(ModelEndpoints.MODEL_PREFIX)
                        ? Map.of("GET", models::one)
                        : endpoints.get(path);
        if (methods == null) {
            throw new HttpFailure(404, "not_found", "there is nothing under this path");
        }
        Endpoint endpoint = methods.get(method);
        if (endpoint == null) {
            String allowed = String.join(", ", methods.keySet());
            exchange.setHeader("Allow", allowed);
            throw new HttpFailure(405, "method_not_allowed", "this path takes " + allowed);
        }
        return endpoint;
    }

    /** Stops accepting, waits briefly for responses in progress, then interrupts the rest. */
    @Override
    public void close() {
        server.stop(CLOSE_SECONDS_MAX);
        watch.close();
        threads.shutdownNow();
        try { // each thread has yet to write its line of the access log
            threads.awaitTermination(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
