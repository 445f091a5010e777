package dev.longhand.app.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import dev.longhand.engine.file.HubCache;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * The Hub's API on this machine: one repository, whose safetensors lie on a second server, as large
 * files of the Hub do. Answers of single paths can be replaced.
 */
final class HubServer implements AutoCloseable {
    static final String REPOSITORY = "org/model";
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    static final String LISTING = "/api/models/" + REPOSITORY + "/revision/main";

    private final HttpServer hub = start();
    private final HttpServer store = start();
    private final Map<String, byte[]> files = new TreeMap<>();
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();

    /** The requests that came, {@code hub} or {@code store}, path, range, token. */
    private final List<String> requests = new CopyOnWriteArrayList<>();

    private @Nullable String listing;

    /** An answer that a test gives in place of the usual one. */
    @FunctionalInterface
    interface Answer {
        void send(HttpExchange exchange) throws IOException;
    }

    HubServer() throws IOException {
        hub.createContext("/", exchange -> handle("hub", exchange));
        store.createContext("/", exchange -> handle("store", exchange));
    }

    private static HttpServer start() throws IOException {
        HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return server;
    }

    /** The path of a file at the commit. */
    static String path(String file) {
        return "/" + REPOSITORY + "/resolve/" + COMMIT + "/" + file;
    }

    HubServer with(String file, String content) {
        return with(file, content.getBytes(StandardCharsets.UTF_8));
    }

    HubServer with(String file, byte[] content) {
        files.put(file, content);
        return this;
    }

    /** Replaces the answer to a path, on both servers. */
    void answer(String path, Answer answer) {
        answers.put(path, answer);
    }

    /** Replaces the list of files. */
    void list(String json) {
        listing = json;
    }

    List<String> requests() {
        return requests;
    }

    URI endpoint() {
        return address(hub);
    }

    URI storeAddress() {
        return address(store);
    }

    private static URI address(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    HubAccess access(Path cache, @Nullable String token) {
        return new HubAccess(endpoint(), token, new HubCache(cache));
    }

    private void handle(String server, HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getRawPath();
            String range = exchange.getRequestHeaders().getFirst("Range");
            String token = exchange.getRequestHeaders().getFirst("Authorization");
            requests.add(
                    "%s %s %s %s"
                            .formatted(
                                    server,
                                    path,
                                    range == null ? "all" : range,
                                    token == null ? "nobody" : token));
            Answer own = answers.get(path);
            if (own != null) {
                own.send(exchange);
            } else if (path.startsWith(LISTING.replace("main", ""))) {
                send(exchange, 200, (listing == null ? json() : listing).getBytes());
            } else {
                file(server, exchange, exchange.getRequestURI().getPath());
            }
        }
    }

    private void file(String server, HttpExchange exchange, String path) throws IOException {
        String prefix = path("");
        byte[] content =
                path.startsWith(prefix) ? files.get(path.substring(prefix.length())) : null;
        if (content == null) {
            exchange.getResponseHeaders().add("X-Error-Code", "RepoNotFound");
            send(exchange, 404, new byte[0]);
        } else if (server.equals("hub") && isLarge(path)) {
            redirect(exchange, storeAddress() + exchange.getRequestURI().getRawPath());
        } else {
            part(exchange, content);
        }
    }

    private static boolean isLarge(String path) {
        return path.endsWith(".safetensors") || path.endsWith(".gguf");
    }

    static void redirect(HttpExchange exchange, String target) throws IOException {
        exchange.getResponseHeaders().add("Location", target);
        exchange.sendResponseHeaders(302, -1);
    }

    /** Sends a file from the byte that the request names. */
    static void part(HttpExchange exchange, byte[] content) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        if (range != null) {
            exchange.getResponseHeaders()
                    .add(
                            "Content-Range",
                            "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
        }
        byte[] part = Arrays.copyOfRange(content, from, content.length);
        send(exchange, range == null ? 200 : 206, part);
    }

    static void send(HttpExchange exchange, int status, byte[] content) throws IOException {
        exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
        if (content.length > 0) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(content);
            }
        }
    }

    /** The list of files as the Hub gives it with {@code blobs=true}. */
    String json() {
        String json =
                files.entrySet().stream()
                        .map(each -> json(each.getKey(), each.getValue()))
                        .collect(Collectors.joining(","));
        return "{\"id\":\"%s\",\"sha\":\"%s\",\"siblings\":[%s]}"
                .formatted(REPOSITORY, COMMIT, json);
    }

    private static String json(String file, byte[] content) {
        String large =
                ",\"lfs\":{\"sha256\":\"%s\",\"size\":%d,\"pointerSize\":135}"
                        .formatted(sha256(content), content.length);
        return "{\"rfilename\":\"%s\",\"size\":%d,\"blobId\":\"%s\"%s}"
                .formatted(file, content.length, gitHash(content), isLarge(file) ? large : "");
    }

    static String gitHash(byte[] content) {
        byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
        return hash("SHA-1", head, content);
    }

    static String sha256(byte[] content) {
        return hash("SHA-256", content);
    }

    private static String hash(String algorithm, byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            for (byte[] part : parts) {
                digest.update(part);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        store.stop(0);
    }
}
