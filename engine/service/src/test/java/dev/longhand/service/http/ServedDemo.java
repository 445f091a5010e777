package dev.longhand.service.http;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.kernels.Device;
import dev.longhand.service.ClientRules;
import dev.longhand.service.Listener;
import dev.longhand.service.ScriptedCheckpoint;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Serves the demo model and its adapter over HTTP, with a client. */
public final class ServedDemo implements AutoCloseable {
    /** Those of most tests. */
    public static final ServiceLimits LIMITS =
            new ServiceLimits(3 << 20, 16 << 10, 8, 200, 60_000, 60_000, 1000);

    static final JsonMapper JSON = new JsonMapper();

    private final Engine engine;
    private final Service service;
    private final OpenAiServer server;
    private final HttpClient client = HttpClient.newHttpClient();
    private @Nullable String token;

    /** A response with its JSON. */
    record Answer(int status, JsonNode body, HttpResponse<String> response) {}

    /** Serves models "demo" and "math". */
    public ServedDemo(@Nullable String token, int queueDepthMax) throws IOException {
        this(
                config(Goldens.DEMO.resolve("checkpoint"))
                        .withKvTokensMax(8192)
                        .withQueueDepthMax(queueDepthMax)
                        .withAdapter("math", Goldens.DEMO.resolve("adapter")),
                "demo",
                ClientRules.OPEN.withToken(token),
                LIMITS);
    }

    private ServedDemo(EngineConfig config, String name, ClientRules clients, ServiceLimits limits)
            throws IOException {
        engine = Engine.open(config);
        service = new Service(engine, name, Goldens.DEMO);
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        server = new OpenAiServer(service, Listener.bind(any), limits, clients, WebContent.NONE);
        token = clients.token();
    }

    /** Serves the model "script" of a scripted checkpoint. */
    static ServedDemo scripted(ScriptedCheckpoint script, ClientRules clients, int kvTokensMax)
            throws IOException {
        return new ServedDemo(
                config(script.folder()).withKvTokensMax(kvTokensMax), "script", clients, LIMITS);
    }

    /** Serves the model "demo" with other limits. */
    static ServedDemo limited(ServiceLimits limits) throws IOException {
        EngineConfig config = config(Goldens.DEMO.resolve("checkpoint")).withKvTokensMax(8192);
        return new ServedDemo(config, "demo", ClientRules.OPEN, limits);
    }

    private static EngineConfig config(Path checkpoint) {
        return EngineConfig.of(checkpoint)
                .withDevice(Device.CPU)
                .withThreads(1)
                .withSequencesMax(4);
    }

    Engine engine() {
        return engine;
    }

    /** The service. */
    public Service service() {
        return service;
    }

    /** The address of the server. */
    public InetSocketAddress address() {
        return server.address();
    }

    void useToken(@Nullable String other) {
        token = other;
    }

    HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + address().getPort() + path));
        return token == null ? request : request.header("Authorization", "Bearer " + token);
    }

    HttpResponse<String> send(HttpRequest request) throws IOException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    HttpResponse<String> get(String path) throws IOException {
        return send(request(path).build());
    }

    Answer post(String path, String body) throws IOException {
        return post(path, body.getBytes(StandardCharsets.UTF_8));
    }

    Answer post(String path, byte[] body) throws IOException {
        HttpResponse<String> response =
                send(request(path).POST(HttpRequest.BodyPublishers.ofByteArray(body)).build());
        boolean json = response.headers().firstValue("Content-Type").orElse("").contains("json");
        return new Answer(
                response.statusCode(),
                json ? JSON.readTree(response.body()) : JSON.createObjectNode(),
                response);
    }

    /** Returns the events of a stream without the last, which must be [DONE]. */
    List<JsonNode> stream(String path, String body) throws IOException {
        HttpResponse<String> response = post(path, body).response();
        List<JsonNode> events = new ArrayList<>();
        List<String> lines = response.body().lines().filter(line -> !line.isEmpty()).toList();
        for (String line : lines.subList(0, lines.size() - 1)) {
            events.add(JSON.readTree(line.substring("data: ".length())));
        }
        if (!lines.getLast().equals("data: [DONE]")) {
            throw new AssertionError(lines.getLast());
        }
        return events;
    }

    /** Opens a connection for bytes that no client library sends. */
    public Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096); // for slow readers
        socket.setSoTimeout(20_000);
        socket.connect(address());
        return socket;
    }

    /** Waits until no generation runs. */
    public void awaitIdle() throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (service.running() > 0 || engine.load().running() > 0) {
            if (System.nanoTime() > end) {
                throw new AssertionError(service.running() + " are under way");
            }
            Thread.sleep(10);
        }
    }

    @Override
    public void close() {
        client.close();
        server.close();
        engine.close();
    }
}
