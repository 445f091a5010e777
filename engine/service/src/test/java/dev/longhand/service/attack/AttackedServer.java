package dev.longhand.service.attack;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.kernels.Device;
import dev.longhand.service.ClientRules;
import dev.longhand.service.Listener;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.http.OpenAiServer;
import dev.longhand.service.http.WebContent;
import dev.longhand.service.line.LineServer;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The main class of the process under attack: it serves until its input ends. */
final class AttackedServer {
    /** The token of all clients. */
    static final String TOKEN = "secret";

    /** The model's name. */
    static final String MODEL = "demo";

    /** Those of a product, with short times. */
    static final ServiceLimits LIMITS =
            new ServiceLimits(4 << 20, 32 << 10, 64, 1024, 5_000, 20_000, 2_000);

    /** Referenced, so that its level stays. */
    private static final Logger ACCESS_LOG = Logger.getLogger("dev.longhand.access");

    private AttackedServer() {}

    /** Serves the checkpoint and adapters of a folder, and prints both ports. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        ACCESS_LOG.setLevel(Level.OFF);
        EngineConfig config =
                EngineConfig.of(folder.resolve("checkpoint"))
                        .withDevice(Device.CPU)
                        .withThreads(1)
                        .withSequencesMax(8)
                        .withKvTokensMax(8 * 4096)
                        .withQueueDepthMax(256)
                        .withAdapter("math", folder.resolve("adapter"));
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        ClientRules clients = ClientRules.OPEN.withToken(TOKEN);
        try (Engine engine = Engine.open(config)) {
            Service service = new Service(engine, MODEL, folder);
            try (LineServer lines = new LineServer(service, Listener.bind(any), LIMITS, clients);
                    OpenAiServer http =
                            new OpenAiServer(
                                    service,
                                    Listener.bind(any),
                                    LIMITS,
                                    clients,
                                    WebContent.NONE)) {
                InetSocketAddress line = (InetSocketAddress) lines.address();
                System.out.println(http.address().getPort() + " " + line.getPort());
                System.in.transferTo(OutputStream.nullOutputStream());
            }
        }
    }
}
