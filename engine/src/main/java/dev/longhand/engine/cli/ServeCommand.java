package dev.longhand.engine.cli;

import dev.longhand.engine.Engine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.serve.LineServer;
import dev.longhand.engine.serve.Service;
import dev.longhand.engine.serve.ServiceLimits;

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
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/** {@code longhand serve}: generations over a socket until the process is ended. */
@Command(
        name = "serve",
        description = "Serves a model and its adapters: newline-delimited JSON over a socket.")
final class ServeCommand implements Callable<Integer> {
    private static final long DRAIN_MILLIS_MAX = 30_000;

    @Mixin private ModelOptions model = new ModelOptions();

    @ArgGroup(multiplicity = "1")
    private Address address = new Address();

    /** Where to listen. */
    static final class Address {
        @Option(names = "--socket", paramLabel = "FILE", description = "A Unix domain socket.")
        private @Nullable Path socket;

        @Option(
                names = "--port",
                paramLabel = "N",
                description = "TCP on the loopback interface; 0 takes a free port.")
        private int port;
    }

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "What requests call the base (default: the folder's name).")
    private @Nullable String name;

    @Option(
            names = "--adapter-dir",
            paramLabel = "DIR",
            description = "Lets clients load adapters from folders below this one.")
    private @Nullable Path adapterFolder;

    @Option(
            names = "--token-env",
            paramLabel = "NAME",
            description = "The environment variable with a token that clients must give.")
    private @Nullable String tokenVariable;

    @Option(
            names = "--sequences",
            paramLabel = "N",
            defaultValue = "8",
            description = "Generations that advance together.")
    private int sequences;

    @Option(
            names = "--kv-tokens",
            paramLabel = "N",
            description = "Tokens of all generations that KV memory is planned for.")
    private @Nullable Integer kvTokens;

    @Override
    public Integer call() throws IOException, InterruptedException {
        String token = token();
        try (LoadBar bar = new LoadBar();
                Engine engine =
                        Engine.open(
                                model.engine()
                                        .sequencesMax(sequences)
                                        .kvTokensMax(kvTokens)
                                        .progress(bar)
                                        .build())) {
            bar.finish();
            Service service = new Service(engine, base(), adapterFolder);
            try (LineServer server =
                    new LineServer(service, socketAddress(), ServiceLimits.DEFAULT, token)) {
                System.err.println(engine.backendDescription());
                System.err.println("listening on " + server.address());
                CountDownLatch ended = new CountDownLatch(1);
                Thread main = Thread.currentThread();
                Runtime.getRuntime()
                        .addShutdownHook(
                                Thread.ofPlatform()
                                        .unstarted(
                                                () -> {
                                                    drain(service);
                                                    ended.countDown();
                                                    join(main);
                                                }));
                ended.await();
            }
        }
        return 0;
    }

    /** Lets what is under way end, for a while. */
    private static void drain(Service service) {
        try {
            service.drain(DRAIN_MILLIS_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(DRAIN_MILLIS_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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

    private SocketAddress socketAddress() {
        return address.socket != null
                ? UnixDomainSocketAddress.of(address.socket)
                : new InetSocketAddress(InetAddress.getLoopbackAddress(), address.port);
    }
}
