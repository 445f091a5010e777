package dev.longhand.service.http;

import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.service.AccessLog;
import dev.longhand.service.ClientRules;
import dev.longhand.service.Connections;
import dev.longhand.service.Dialect;
import dev.longhand.service.Listener;
import dev.longhand.service.RequestRules;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;

/**
 * Serves a service over HTTP with OpenAI's API, and vLLM's extensions where OpenAI defines nothing.
 * HTTP/1.1 is its own: clients are watched while they wait, and no connection keeps others out.
 */
public final class OpenAiServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(OpenAiServer.class.getName());
    private static final int CLOSE_MILLIS_MAX = 2000;
    private static final Set<Integer> TURNED_AWAY = Set.of(401, 403, 421);

    private final ServiceLimits limits;
    private final Service service;
    private final Dialect dialect;
    private final WebGuard guard;
    private final WebPages pages;
    private final BearerAuth auth;
    private final Map<String, Map<String, Endpoint>> endpoints;
    private final ModelEndpoints models;
    private final ServiceMetrics metrics;
    private final Connections connections;

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
                Listener.bind(address),
                limits,
                ClientRules.OPEN.withToken(token),
                WebContent.NONE);
    }

    /**
     * Starts to answer the clients of a listener, which {@link #close} closes.
     *
     * @param clients their token is the bearer token of all paths but {@code /health}, and those of
     *     the content that are public
     * @param content what browsers see under the paths that the API does not have
     */
    public OpenAiServer(
            Service service,
            Listener listener,
            ServiceLimits limits,
            ClientRules clients,
            WebContent content) {
        this.service = service;
        this.limits = limits;
        dialect = clients.dialect();
        guard = new WebGuard(clients, (InetSocketAddress) listener.address());
        pages = new WebPages(content);
        auth = new BearerAuth(clients);
        metrics = new ServiceMetrics(service);
        RequestRules rules = RequestRules.of(service, limits, clients);
        models = new ModelEndpoints(service, dialect);
        endpoints = endpoints(service, rules, models, metrics);
        connections =
                new Connections(
                        listener,
                        limits.connections(),
                        channel -> new HttpConnection(channel, limits, this::answer));
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
                Map.entry("/tokenizer_info", Map.of("GET", tokens::info)),
                Map.entry(StateEndpoints.HEALTH, Map.of("GET", state::health)),
                Map.entry(StateEndpoints.READY, Map.of("GET", state::ready)),
                Map.entry("/metrics", Map.of("GET", state::metrics)));
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public InetSocketAddress address() {
        return (InetSocketAddress) connections.address();
    }

    private void answer(ReceivedRequest request) {
        long beganNanos = System.nanoTime();
        Exchange exchange = new Exchange(request, limits, service.requestBytes(), dialect);
        String path = endpoints.containsKey(exchange.path()) ? exchange.path() : "none";
        try {
            answer(exchange);
        } catch (IOException e) {
            exchange.setOutcome("the client has gone; " + exchange.outcome());
        } finally {
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
        try {
            HttpFailure refusal = exchange.refusal();
            if (refusal != null) {
                throw refusal;
            }
            guard.check(exchange);
            if (WebGuard.isPreflight(exchange)) {
                WebGuard.preflight(exchange);
                exchange.empty(204);
            } else {
                if (!pages.isPublic(exchange.path())) {
                    auth.check(exchange);
                }
                endpoint(exchange).answer(exchange);
            }
        } catch (RuntimeException | Error e) {
            HttpFailure failure = HttpFailure.of(EngineFailureException.of(e));
            if (TURNED_AWAY.contains(failure.status())) {
                exchange.endConnection(); // it holds no place of others
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
        Map<String, Endpoint> methods = methods(exchange, path);
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

    /** Returns the endpoints of a path by method; null if there is nothing. */
    private @Nullable Map<String, Endpoint> methods(Exchange exchange, String path) {
        if (path.startsWith(ModelEndpoints.MODEL_PREFIX)) {
            return Map.of("GET", models::one);
        }
        Map<String, Endpoint> api = endpoints.get(path);
        if (api != null) {
            return api;
        }
        Endpoint page = pages.find(exchange);
        return page == null ? null : Map.of("GET", page);
    }

    /** Stops accepting, waits briefly for responses in progress, then interrupts the rest. */
    @Override
    public void close() {
        try {
            connections.close(CLOSE_MILLIS_MAX);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "closing the address", e);
        }
    }
}
