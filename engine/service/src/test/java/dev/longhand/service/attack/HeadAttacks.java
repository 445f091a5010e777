package dev.longhand.service.attack;

import static dev.longhand.service.attack.AttackList.MALFORMED;

import java.util.List;

/** Request lines and headers that violate HTTP, and other protocols on the HTTP port. */
final class HeadAttacks {
    private static final String HOST = "Host: localhost";
    private static final String TOKEN = "Authorization: Bearer " + AttackedServer.TOKEN;
    private static final String END = "Connection: close";

    private static final String TOO_LONG = "431:header closed";

    private HeadAttacks() {}

    static void addTo(AttackList list) {
        requestLines(list);
        targets(list);
        methods(list);
        headers(list);
        protocols(list);
    }

    private static String get(String requestLine) {
        return AttackList.rawHead(requestLine, HOST, TOKEN, END);
    }

    private static void requestLines(AttackList list) {
        list.kind("damaged request line");
        for (String line :
                List.of(
                        "GET",
                        "GET /health",
                        "GET\t/health\tHTTP/1.1",
                        "\0",
                        "GET /he\0alth HTTP/1.1",
                        "GET  /health  HTTP/1.1",
                        " GET /health HTTP/1.1",
                        "/health GET HTTP/1.1",
                        "GET /health http/1.1",
                        "GET /health HTTP/",
                        "GET /health X")) {
            list.http(line, get(line), MALFORMED);
        }
        list.http("two versions", get("GET /health HTTP/1.1 HTTP/1.1"), MALFORMED);
        list.kind("another version");
        for (String version : List.of("HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/9.9")) {
            list.http(version, get("GET /health " + version), "505:version closed");
        }
        list.http("HTTP/1.0", get("GET /health HTTP/1.0"), "200 closed");
        list.kind("blank lines before a request");
        list.http("100", "\r\n".repeat(100) + get("GET /health HTTP/1.1"), "200 closed");
        String blank = "\r\n".repeat(100_000);
        list.http("100,000", blank + get("GET /health HTTP/1.1"), TOO_LONG);
    }

    private static void targets(AttackList list) {
        list.kind("damaged target");
        for (String target :
                List.of("/%zz", "/%", "/\\..\\x", "/{x}", "/<x>", "/health^", "/health#x")) {
            list.http(target, get("GET " + target + " HTTP/1.1"), MALFORMED);
        }
        list.http("no slash", get("GET health HTTP/1.1"), MALFORMED);
        list.http("query only", get("GET ? HTTP/1.1"), MALFORMED);
        list.http("space", get("GET /a b HTTP/1.1"), MALFORMED);
        list.kind("path traversal in a target");
        for (String target :
                List.of(
                        "/../../etc/passwd",
                        "/v1/../../../etc/passwd",
                        "/%2e%2e/%2e%2e/etc/passwd",
                        "/health%00.html")) {
            list.http(target, get("GET " + target + " HTTP/1.1"), "404:not_found closed");
        }
        for (String model : List.of("..%2f..%2fetc%2fpasswd", "%00", "../chat/completions")) {
            list.http(model, get("GET /v1/models/" + model + " HTTP/1.1"), "404:model closed");
        }
        list.kind("whole address as target");
        list.http("own", get("GET http://localhost/v1/models HTTP/1.1"), "200 closed");
        list.http("foreign", get("GET http://evil.example/v1/models HTTP/1.1"), "421:host closed");
        list.http("file", get("GET file:///etc/passwd HTTP/1.1"), "421:host closed");
        list.http("no host", get("GET http:///v1/models HTTP/1.1"), "421:host closed");
        list.http("user", get("GET http://localhost@evil.example/ HTTP/1.1"), "421:host closed");
        list.http("two slashes", get("GET //evil.example/health HTTP/1.1"), "404:not_found closed");
        list.kind("target of 40 kB");
        list.http("path", get("GET /" + "a".repeat(40_000) + " HTTP/1.1"), TOO_LONG);
        list.http("query", get("GET /health?" + "a".repeat(40_000) + " HTTP/1.1"), TOO_LONG);
        list.kind("query");
        String token = AttackList.rawHead("GET /ready?token=secret HTTP/1.1", HOST, END);
        list.http("token", token, "401:invalid_api_key closed");
        list.http("health", get("GET /health?x=../.. HTTP/1.1"), "200 closed");
    }

    private static void methods(AttackList list) {
        list.kind("another method");
        for (String method :
                List.of("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "X".repeat(1000))) {
            String line = method + " /v1/models HTTP/1.1";
            list.http(line.substring(0, 8), get(line), "405:method_not_allowed closed");
        }
        list.kind("method that is no token");
        list.http("brackets", get("G<T /v1/models HTTP/1.1"), MALFORMED);
        list.kind("tunnel");
        list.http("connect", get("CONNECT evil.example:443 HTTP/1.1"), MALFORMED);
        list.kind("options");
        list.http("asterisk", get("OPTIONS * HTTP/1.1"), MALFORMED);
        list.http("path", get("OPTIONS /v1/models HTTP/1.1"), "405:method_not_allowed closed");
        list.kind("head");
        list.http("health", get("HEAD /health HTTP/1.1"), "200 closed");
        list.http("post path", get("HEAD /v1/completions HTTP/1.1"), "405 closed");
    }

    private static void headers(AttackList list) {
        list.kind("damaged header");
        for (String header : List.of("no colon", ": no name", "Sp ace: x", "X : y", "X\0: y")) {
            list.http(header, get("GET /health HTTP/1.1\r\n" + header), MALFORMED);
        }
        for (String header : List.of("X: a\0b", "X: a\u0001b", "X: \u007f")) {
            list.http(header, get("GET /health HTTP/1.1\r\n" + header), MALFORMED);
        }
        list.kind("folded header");
        list.http("folded", get("GET /health HTTP/1.1\r\nX: a\r\n b"), MALFORMED);
        list.http("first", get("GET /health HTTP/1.1\r\n X: a"), MALFORMED);
        list.kind("line ends");
        list.http("LF", get("GET /health HTTP/1.1").replace("\r", ""), MALFORMED);
        list.http("CR", get("GET /health HTTP/1.1\r\nX: a\rEvil: b"), MALFORMED);
        list.kind("huge headers");
        list.http("one", get("GET /health HTTP/1.1\r\nX: " + "a".repeat(40_000)), TOO_LONG);
        list.http("many", get("GET /health HTTP/1.1" + "\r\nX: y".repeat(1_000)), "200 closed");
        list.http("endless", "GET /health HTTP/1.1\r\n" + "X: y\r\n".repeat(200_000), TOO_LONG);
    }

    private static void protocols(AttackList list) {
        String upgrade = "GET /v1/models HTTP/1.1\r\nConnection: Upgrade\r\n";
        list.kind("upgrade");
        String socket = "Upgrade: websocket\r\nSec-WebSocket-Version: 13";
        list.http("websocket", get(upgrade + socket), "200 closed");
        list.http("h2c", get(upgrade + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk"), "200 closed");
        list.kind("HTTP/2 preface");
        list.http(
                "preface",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0",
                "505:version closed");
        list.kind("TLS on the HTTP port");
        list.http("hello", tlsHello(), MALFORMED);
        list.kind("line protocol on the HTTP port");
        list.http("line", "{\"authorize\":\"secret\"}\r\n{\"models\":true}\r\n\r\n", MALFORMED);
        list.kind("binary on the HTTP port");
        list.http("zeros", "\0".repeat(1000), MALFORMED);
        list.http("ones", "\u00ff".repeat(100_000), TOO_LONG);
    }

    /** The start of a TLS 1.2 ClientHello. */
    static String tlsHello() {
        return "\u0016\u0003\u0001\0\u00f8\u0001\0\0\u00f4\u0003\u0003" + "\u00aa".repeat(240);
    }
}
