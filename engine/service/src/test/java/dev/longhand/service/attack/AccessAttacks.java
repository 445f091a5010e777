package dev.longhand.service.attack;

import java.util.List;

/** Clients without the token, foreign web pages and rebound names. */
final class AccessAttacks {
    private static final String HOST = "Host: localhost";
    private static final String END = "Connection: close";
    private static final String UNAUTHORIZED = "401:invalid_api_key closed";

    private AccessAttacks() {}

    static void addTo(AttackList list) {
        list.kind("no token");
        for (String path : List.of("/v1/models", "/metrics", "/ready", "/v1/completions", "/x")) {
            String head = AttackList.rawHead("GET " + path + " HTTP/1.1", HOST, END);
            list.http(path, head, UNAUTHORIZED);
        }
        list.kind("wrong token");
        for (String token :
                List.of(
                        "Bearer wrong",
                        "Bearer secre",
                        "Bearer secrets",
                        "Bearer SECRET",
                        "Bearer",
                        "Bearer secret secret",
                        "Bearer \"secret\"",
                        "Bearer secret\u00e9",
                        "secret",
                        "Basic c2VjcmV0",
                        "Bearer " + "s".repeat(20_000))) {
            list.http(token, models("Authorization: " + token), UNAUTHORIZED);
        }
        list.kind("several tokens");
        String right = "Authorization: Bearer secret";
        list.http("wrong first", models("Authorization: Bearer wrong", right), UNAUTHORIZED);
        list.http("wrong second", models(right, "Authorization: Bearer wrong"), UNAUTHORIZED);
        list.kind("token elsewhere");
        list.http("cookie", models("Cookie: token=secret"), UNAUTHORIZED);
        list.http("header", models("X-Api-Key: secret"), UNAUTHORIZED);
        list.http("forwarded", models("X-Forwarded-For: 127.0.0.1"), UNAUTHORIZED);
        list.kind("spelling of the scheme");
        list.http("lower", models("Authorization: bearer secret"), "200 closed");
        hosts(list);
        origins(list);
    }

    private static String models(String... headers) {
        return AttackList.rawHead(
                "GET /v1/models HTTP/1.1", HOST, END, String.join("\r\n", headers));
    }

    private static void hosts(AttackList list) {
        list.kind("rebound name");
        for (String host :
                List.of(
                        "evil.example",
                        "localhost.evil.example",
                        "127.0.0.1.evil.example:80",
                        "localhost@evil.example",
                        "127.0.0.2",
                        "2130706433",
                        "0x7f.1",
                        "[::1%25eth0]",
                        "localhost,evil.example",
                        "")) {
            list.http(host, from("Host: " + host), "421:host closed");
        }
        list.kind("several hosts");
        list.http("own first", from(HOST, "Host: evil.example"), "400:host closed");
        list.http("own second", from("Host: evil.example", HOST), "400:host closed");
        list.kind("no host");
        list.http("none", from(), "400:host closed");
    }

    private static String from(String... headers) {
        String token = "Authorization: Bearer secret";
        return AttackList.rawHead(
                "GET /v1/models HTTP/1.1", token, END, String.join("\r\n", headers));
    }

    private static void origins(AttackList list) {
        list.kind("foreign web page");
        for (String origin :
                List.of(
                        "http://evil.example",
                        "http://localhost",
                        "http://localhost:3000",
                        "null",
                        "",
                        "file://",
                        "*",
                        "moz-extension://1")) {
            String host = "Host: localhost:8000"; // browsers name the port
            list.http(origin, from(host, "Origin: " + origin), "403:origin closed");
        }
        list.kind("preflight of a foreign web page");
        list.http(
                "load an adapter",
                AttackList.rawHead(
                        "OPTIONS /v1/load_lora_adapter HTTP/1.1",
                        HOST,
                        "Origin: http://evil.example",
                        "Access-Control-Request-Method: POST"),
                "403:origin closed");
        list.kind("simple request of a foreign web page");
        String body = "{\"lora_name\":\"math\"}";
        list.http(
                "unload",
                AttackList.rawHead(
                                "POST /v1/unload_lora_adapter HTTP/1.1",
                                HOST,
                                "Origin: http://evil.example",
                                "Content-Type: text/plain",
                                "Content-Length: " + body.length())
                        + body,
                "403:origin closed");
    }
}
