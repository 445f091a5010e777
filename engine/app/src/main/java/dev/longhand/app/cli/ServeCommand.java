package dev.longhand.app.cli;

import dev.longhand.app.page.ServedPage;
import dev.longhand.engine.Engine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.OpenResources;
import dev.longhand.service.ClientRules;
import dev.longhand.service.Dialect;
import dev.longhand.service.Listener;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.http.OpenAiServer;
import dev.longhand.service.line.LineServer;
import dev.longhand.study.keywords.KeywordInstrument;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code longhand serve}: serves a model over sockets and HTTP until the process ends. */
@Command(
        name = "serve",
        description =
                "Serves a model and its adapters: newline-delimited JSON over a socket, OpenAI's"
                        + " API over HTTP.")
public final class ServeCommand implements Callable<Integer> {
    private static final ServiceLimits LIMITS = ServiceLimits.DEFAULT;
    private static final long DRAIN_MILLIS_MAX = 30_000;
    private static final long CLOSE_SECONDS_MAX = 30;

    @Mixin private ModelOptions model = new ModelOptions();

    @Mixin private CapacityOptions capacity = new CapacityOptions();

    @ArgGroup(exclusive = false, multiplicity = "1")
    private Addresses addresses = new Addresses();

    /** The addresses to listen on; at least one. */
    static final class Addresses {
        @Option(names = "--socket", paramLabel = "FILE", description = "A Unix domain socket.")
        private @Nullable Path socket;

        @Option(names = "--port", paramLabel = "N", description = "TCP; 0 takes a free port.")
        private @Nullable Integer port;

        @Option(names = "--http", paramLabel = "N", description = "HTTP; 0 takes a free port.")
        private @Nullable Integer http;
    }

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description =
                    "The interface of --port and --http (default: loopback). Others need a token.")
    private @Nullable String host;

    @Option(
            names = "--allow-host",
            paramLabel = "NAME",
            description = "A further name under which HTTP clients address this server.")
    private List<String> hosts = new ArrayList<>();

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description = "Gives web pages of this origin access to HTTP; * is any.")
    private List<String> origins = new ArrayList<>();

    @Option(
            names = "--strict",
            description = "Rejects all fields that do nothing here, instead of ignoring some.")
    private boolean strict;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The name of the base in requests (default: the folder's name).")
    private @Nullable String name;

    @Option(
            names = "--adapter-dir",
            paramLabel = "DIR",
            description = "Lets clients load adapters from folders below this one.")
    private @Nullable Path adapterFolder;

    @Option(
            names = "--study",
            paramLabel = "DIR",
            description = "Shows the results of a study in this folder on the page of --http.")
    private @Nullable Path study;

    @Option(
            names = "--token-env",
            paramLabel = "NAME",
            description = "The environment variable with the token that clients must send.")
    private @Nullable String tokenVariable;

    @Override
    public Integer call() throws IOException, InterruptedException {
        ServerLog.install();
        ClientRules clients = clients(); // reports an error before the model is read
        ServedPage page = new ServedPage(study);
        CountDownLatch closed = new CountDownLatch(1);
        try (OpenResources listeners = new OpenResources()) {
            List<Listener> lines = bindLines(listeners);
            Listener http = bindHttp(listeners);
            try (LoadBar bar = new LoadBar();
                    Engine engine =
                            Engine.open(
                                    model.engine()
                                            .withSequencesMax(capacity.sequences())
                                            .withKvTokensMax(capacity.kvTokens())
                                            .withProgress(bar))) {
                bar.finish();
                Service service = new Service(engine, base(), adapterFolder);
                service.measure(KeywordInstrument::new);
                try (OpenResources servers = new OpenResources()) {
                    System.err.println(engine.backendDescription());
                    serve(service, lines, http, clients, page, servers);
                    awaitTermination(service, closed);
                }
            }
        } finally {
            closed.countDown();
        }
        return 0;
    }

    /**
     * Waits until the process receives a signal to end and the service has drained.
     *
     * @param closed released when engine and servers are closed. The shutdown hook waits for this
     *     latch and not for this thread, because this thread calls {@link System#exit}, which waits
     *     for the hook
     */
    private static void awaitTermination(Service service, CountDownLatch closed)
            throws InterruptedException {
        CountDownLatch drained = new CountDownLatch(1);
        Runnable end =
                () -> {
                    try {
                        service.drain(DRAIN_MILLIS_MAX);
                        drained.countDown();
                        closed.await(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    LastingLogManager.end();
                };
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(end));
        drained.await();
    }

    private List<Listener> bindLines(OpenResources listeners) throws IOException {
        List<SocketAddress> wanted = new ArrayList<>();
        if (addresses.socket != null) {
            wanted.add(UnixDomainSocketAddress.of(addresses.socket));
        }
        if (addresses.port != null) {
            wanted.add(address(addresses.port));
        }
        List<Listener> bound = new ArrayList<>();
        for (SocketAddress each : wanted) {
            bound.add(listeners.add(Listener.bind(each)));
        }
        return bound;
    }

    private @Nullable Listener bindHttp(OpenResources listeners) throws IOException {
        return addresses.http == null
                ? null
                : listeners.add(Listener.bind(address(addresses.http)));
    }

    @SuppressWarnings("MustBeClosedChecker") // the caller closes the servers
    private static void serve(
            Service service,
            List<Listener> lines,
            @Nullable Listener http,
            ClientRules clients,
            ServedPage page,
            OpenResources servers) {
        for (Listener each : lines) {
            servers.add(new LineServer(service, each, LIMITS, clients));
            System.err.println("listening on " + each.address());
        }
        if (http != null) {
            servers.add(new OpenAiServer(service, http, LIMITS, clients, page));
            System.err.println("listening on http:/" + http.address());
        }
    }

    private InetSocketAddress address(int port) {
        if (port < 0 || port > 65_535) {
            throw new InputException("a port is from 0 to 65535, not " + port);
        }
        return new InetSocketAddress(networkInterface(), port);
    }

    private InetAddress networkInterface() {
        try {
            return host == null ? InetAddress.getLoopbackAddress() : InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new InputException("--host: there is no interface " + host, e);
        }
    }

    private ClientRules clients() {
        String token = token();
        boolean open = host != null && !networkInterface().isLoopbackAddress();
        if (token == null && (open || origins.contains("*"))) {
            throw new InputException(
                    (open ? "--host " + host + " lets other machines in" : "--allow-origin *")
                            + ": that needs a token, by --token-env");
        }
        Set<String> names = new HashSet<>(hosts);
        if (host != null) {
            names.add(host);
        }
        return ClientRules.OPEN
                .withToken(token)
                .withHosts(names)
                .withOrigins(Set.copyOf(origins))
                .withDialect(strict ? Dialect.STRICT : Dialect.LENIENT);
    }

    private @Nullable String token() {
        if (tokenVariable == null) {
            return null;
        }
        String token = System.getenv(tokenVariable);
        if (token == null || token.isEmpty()) {
            throw new InputException("the environment has no variable " + tokenVariable);
        }
        return token;
    }

    private String base() {
        return name != null ? name : ModelFolder.nameOf(model.model());
    }
}
