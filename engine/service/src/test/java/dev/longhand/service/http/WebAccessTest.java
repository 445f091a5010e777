package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.service.ClientRules;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/** Web pages in the user's browser, which can reach a server on the loopback interface. */
class WebAccessTest extends ScriptedTest {
    private static final String PAGE = "http://localhost:3000";

    @Override
    ClientRules clients() {
        return ClientRules.OPEN
                .withToken("secret")
                .withHosts(Set.of("Models.example"))
                .withOrigins(Set.of(PAGE));
    }

    /** Sends a request with these header lines, and returns the response up to its end. */
    private String raw(String target, String... headers) throws IOException {
        try (Socket socket = served.connect()) {
            String head =
                    "GET %s HTTP/1.1\r\nAuthorization: Bearer secret\r\nConnection: close\r\n%s\r\n\r\n"
                            .formatted(target, String.join("\r\n", headers));
            socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void assertStatus(int status, String response) {
        assertTrue(response.startsWith("HTTP/1.1 " + status), response);
    }

    @Test
    void s06AReboundNameIsNotThisServer() throws IOException {
        for (String host :
                List.of(
                        "evil.example",
                        "evil.example:8000",
                        "localhost.evil.example",
                        "127.0.0.1.evil.example",
                        "10.0.0.1",
                        "",
                        "localhost@evil.example")) {
            assertStatus(421, raw("/v1/models", "Host: " + host));
            assertStatus(421, raw("/metrics", "Host: " + host));
        }
        assertStatus(400, raw("/v1/models", "Host: localhost", "Host: evil.example"));
        assertStatus(421, raw("http://evil.example/v1/models", "Host: localhost"));
        for (String host :
                List.of(
                        "localhost",
                        "LOCALHOST:1",
                        "127.0.0.1:80",
                        "[::1]:80",
                        "models.example.")) {
            assertStatus(200, raw("/v1/models", "Host: " + host));
        }
    }

    @Test
    void s25AnAdmittedOriginHasAccess() throws IOException {
        HttpResponse<String> answer = from(PAGE, "GET");
        assertEquals(200, answer.statusCode());
        assertEquals(PAGE, header(answer, "Access-Control-Allow-Origin"));
        assertEquals("Origin", header(answer, "Vary"));
        for (String origin :
                List.of("http://localhost:3001", "null", "http://localhost:3000.evil")) {
            HttpResponse<String> refused = from(origin, "GET");
            assertEquals(403, refused.statusCode(), origin);
            assertEquals("", header(refused, "Access-Control-Allow-Origin"));
        }
        assertStatus(403, raw("/v1/models", "Host: localhost", "Origin: " + PAGE, "Origin: x"));
    }

    /**
     * The server's own page is of the origin that its Host names, with TLS of a proxy or without.
     */
    @Test
    void theServersOwnOriginHasAccess() throws IOException {
        assertStatus(200, raw("/v1/models", "Host: localhost:80", "Origin: http://localhost:80"));
        assertStatus(
                200, raw("/v1/models", "Host: models.example", "Origin: https://Models.example"));
        assertStatus(403, raw("/v1/models", "Host: localhost:80", "Origin: http://localhost:81"));
        assertStatus(403, raw("/v1/models", "Host: localhost", "Origin: ftp://localhost"));
        assertStatus(403, raw("/v1/models", "Host: 127.0.0.1", "Origin: http://localhost"));
        String rebound = "evil.example";
        assertStatus(421, raw("/v1/models", "Host: " + rebound, "Origin: http://" + rebound));
    }

    /** A preflight has no token. */
    @Test
    void pagesMayAskBeforehand() throws IOException {
        served.useToken(null);
        HttpResponse<String> answer = from(PAGE, "OPTIONS");
        served.useToken("secret");
        assertEquals(204, answer.statusCode());
        assertEquals("GET, POST", header(answer, "Access-Control-Allow-Methods"));
        assertEquals("authorization", header(answer, "Access-Control-Allow-Headers"));
        assertEquals(403, from("http://evil.example", "OPTIONS").statusCode());
    }

    private HttpResponse<String> from(String origin, String method) throws IOException {
        HttpRequest request =
                served.request("/v1/models")
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .header("Origin", origin)
                        .header("Access-Control-Request-Method", "POST")
                        .header("Access-Control-Request-Headers", "authorization")
                        .build();
        return served.send(request);
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    /** Who is turned away holds no connection open. */
    @Test
    void whoIsTurnedAwayIsDisconnected() throws IOException {
        try (Socket socket = served.connect()) {
            String head = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
            assertStatus(401, new String(socket.getInputStream().readAllBytes()));
        }
    }

    /** E23: a client cannot make counters by words of its own. */
    @Test
    void labelsOfMetricsAreFromAList() throws IOException {
        for (int i = 0; i < 20; i++) {
            HttpRequest.Builder request = served.request("/x" + i);
            request.method("M" + i, HttpRequest.BodyPublishers.noBody());
            assertEquals(404, served.send(request.build()).statusCode());
        }
        String metrics = served.get("/metrics").body();
        String all = "http_requests_total{handler=\"none\",method=\"other\",status=\"404\"} 20";
        assertTrue(metrics.contains(all), metrics);
    }
}
