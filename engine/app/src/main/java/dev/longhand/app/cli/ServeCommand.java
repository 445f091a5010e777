package dev.longhand.app.cli;

import dev.longhand.engine.Engine;
import dev.longhand.engine.error.InputException;
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
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
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

        @Option(
                names = "--port",
                paramLabel = "N",
                description = "TCP on the loopback interface; 0 takes a free port.")
        private @Nullable Integer port;

        @Option(
                names = "--http",
                paramLabel = "N",
                description = "HTTP on a port of the loopback interface; 0 takes a free one.")
        private @Nullable Integer http;
    }

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
            names = "--token-env",
            paramLabel = "NAME",
            description = "The environment variable with the token that clients must send.")
    private @Nullable String tokenVariable;

    @Override
    public Integer call() throws IOException, InterruptedException {
        ServerLog.install();
        token(); // reports an error before the model is read
        CountDownLatch closed = new CountDownLatch(1);
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
            try (Servers servers = new Servers()) {
                System.err.println(engine.backendDescription());
                listen(service, servers);
                awaitTermination(service, closed);
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

    /** The open servers, which {@link #close} closes in reverse order. */
    private static final class Servers implements AutoCloseable {
        private final Deque<AutoCloseable> open = new ArrayDeque<>();

        @Override
        public void close() throws IOException {
            for (AutoCloseable server : open) {
                try {
                    server.close();
                } catch (IOException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // Servers closes them
    private void listen(Service service, Servers servers) throws IOException {
        String token = token();
        ServiceLimits limits = ServiceLimits.DEFAULT;
        List<SocketAddress> lines = new ArrayList<>();
        if (addresses.socket != null) {
            lines.add(UnixDomainSocketAddress.of(addresses.socket));
        }
        if (addresses.port != null) {
            lines.add(loopback(addresses.port));
        }
        for (SocketAddress address : lines) {
            LineServer server = new LineServer(service, address, limits, token);
            servers.open.push(server);
            System.err.println("listening on " + server.address());
        }
        if (addresses.http != null) {
            OpenAiServer server =
                    new OpenAiServer(service, loopback(addresses.http), limits, token);
            servers.open.push(server);
            System.err.println("listening on http:/" + server.address());
        }
    }

    private static InetSocketAddress loopback(int port) {
        if (port < 0 || port > 65_535) {
            throw new InputException("a port is from 0 to 65535, not " + port);
        }
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
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
        Path folder = model.model().toAbsolutePath().normalize().getFileName();
        return name != null ? name : folder == null ? "base" : folder.toString();
    }
}
