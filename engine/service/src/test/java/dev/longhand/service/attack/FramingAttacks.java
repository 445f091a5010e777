package dev.longhand.service.attack;

import static dev.longhand.service.attack.AttackList.MALFORMED;

import java.util.List;

/** Messages whose ends are in dispute: request smuggling, damaged chunks, pipelines. */
final class FramingAttacks {
    private static final String POST = "POST /tokenize";
    private static final String BODY = "{\"prompt\":\"x\"}";
    private static final String LENGTH = "Content-Length: " + BODY.length();
    private static final String CHUNKED = "Transfer-Encoding: chunked";
    private static final String CHUNKS = chunk(BODY) + "0\r\n\r\n";

    /** A request that must never be executed if it hides in another one. */
    private static final String HIDDEN = AttackList.head("GET /v1/models");

    private FramingAttacks() {}

    static void addTo(AttackList list) {
        lengths(list);
        encodings(list);
        chunks(list);
        halves(list);
        pipelines(list);
    }

    private static String chunk(String data) {
        return Integer.toHexString(data.length()) + "\r\n" + data + "\r\n";
    }

    private static void lengths(AttackList list) {
        list.kind("content length beside transfer encoding");
        for (List<String> headers : List.of(List.of(LENGTH, CHUNKED), List.of(CHUNKED, LENGTH))) {
            String head = AttackList.head(POST, headers.toArray(String[]::new));
            list.http(headers.getFirst(), head + CHUNKS + HIDDEN, MALFORMED);
        }
        list.kind("two content lengths");
        for (String second : List.of("0", "5", "13")) {
            String head = AttackList.head(POST, LENGTH, "Content-Length: " + second);
            list.http(second, head + BODY + HIDDEN, MALFORMED);
        }
        list.kind("damaged content length");
        for (String value :
                List.of(
                        "5, 5",
                        "-1",
                        "0x5",
                        "1e1",
                        "five",
                        "99999999999999999999",
                        "1 3",
                        "",
                        "+14")) {
            String head = AttackList.head(POST, "Content-Length: " + value);
            list.http(value, head + BODY, MALFORMED);
        }
        list.kind("no content length");
        list.http("none", AttackList.head(POST, "Connection: close"), "400 closed");
        list.kind("content length beyond the limit");
        String huge = AttackList.head(POST, "Content-Length: 5000000", "Connection: close");
        list.http("5 MB", huge + "x".repeat(5_000_000), "413:too_long closed");
    }

    private static void encodings(AttackList list) {
        list.kind("unknown transfer encoding");
        for (String coding :
                List.of("gzip", "xchunked", "chunked, identity", "identity", "gzip, chunked")) {
            String head = AttackList.head(POST, "Transfer-Encoding: " + coding);
            list.http(coding, head + CHUNKS + HIDDEN, "501:encoding closed");
        }
        list.kind("two transfer encodings");
        String twice = AttackList.head(POST, CHUNKED, "Transfer-Encoding: identity");
        list.http("identity", twice + CHUNKS + HIDDEN, "501:encoding closed");
        list.kind("compressed body");
        String zipped =
                AttackList.head(
                        POST, "Content-Encoding: gzip", "Content-Length: 4", "Connection: close");
        list.http("gzip", zipped + "\u001f\u008b\b\0", "400 closed");
    }

    private static void chunks(AttackList list) {
        String head = AttackList.head(POST, CHUNKED, "Connection: close");
        list.kind("damaged chunk size");
        for (String size : List.of("zz", "-5", "", "0x5", "fffffffffffffffff", "5 5", "d;")) {
            list.http(size, head + size + "\r\n" + BODY + "\r\n0\r\n\r\n", MALFORMED);
        }
        list.kind("chunk without its end");
        list.http("longer", head + "5\r\n" + BODY + "\r\n0\r\n\r\n", MALFORMED);
        list.kind("chunk extension of 100 kB");
        String extended = head + "e;" + "x".repeat(100_000) + "\r\n" + BODY;
        list.http("long", extended + "\r\n0\r\n\r\n", "431:header closed");
        list.kind("ten thousand chunks of a byte");
        String many = chunk("{\"prompt\":\"") + chunk("x").repeat(3000) + chunk("\"}");
        list.http("many", head + many + "0\r\n\r\n", "200 closed");
        list.kind("endless chunks");
        String huge = chunk("x".repeat(1 << 16)).repeat(80);
        list.http("5 MB", head + huge + "0\r\n\r\n", "413:too_long closed");
        list.kind("trailers");
        list.http("one", head + chunk(BODY) + "0\r\nX: y\r\n\r\n", "200 closed");
        list.http("damaged", head + chunk(BODY) + "0\r\nX y\r\n\r\n", MALFORMED);
        String endless = chunk(BODY) + "0\r\n" + "X: y\r\n".repeat(10_000);
        list.http("endless", head + endless, "431:header closed");
    }

    private static void halves(AttackList list) {
        list.kind("half a request");
        String head = AttackList.head(POST, LENGTH);
        list.http("nothing", "", "open");
        list.http("method", "POS", "open");
        list.http("head", head.substring(0, head.length() - 2), "open");
        list.http("no body", head, "open");
        list.http("half a body", head + BODY.substring(3), "open");
        list.http("half a chunk", AttackList.head(POST, CHUNKED) + "d\r\n{", "open");
    }

    private static void pipelines(AttackList list) {
        String get = AttackList.head("GET /v1/models");
        String last = AttackList.head("GET /v1/models", "Connection: close");
        list.kind("pipeline");
        list.http("50 requests", get.repeat(49) + last, "200 ".repeat(50) + "closed");
        list.http("after a post", AttackList.head(POST, LENGTH) + BODY + last, "200 200 closed");
        list.kind("request behind a bad one");
        String bad = AttackList.head(POST, "Content-Length: 1") + "{";
        list.http("after an error", bad + last, "400 200 closed");
        list.http("behind garbage", "garbage\r\n\r\n" + last, MALFORMED);
        String refused = AttackList.rawHead("GET /v1/models HTTP/1.1", "Host: evil.example");
        list.http("behind a refusal", refused + last, "421:host closed");
        list.kind("body after a bodiless request");
        String bodiless = AttackList.head("GET /health") + BODY + last;
        list.http("object", bodiless, "200 400:malformed closed");
        list.kind("body of a GET");
        list.http("length", AttackList.head("GET /health", LENGTH) + BODY + last, "200 200 closed");
        list.kind("expectation");
        String expect = AttackList.head(POST, LENGTH, "Expect: 100-continue", "Connection: close");
        list.http("continue", expect + BODY, "100 200 closed");
        String other = AttackList.head(POST, LENGTH, "Expect: a miracle", "Connection: close");
        list.http("another", other + BODY, "417:expect closed");
        String tooLong = AttackList.head(POST, "Content-Length: 5000000", "Expect: 100-continue");
        list.http("too long", tooLong, "413:too_long closed");
        String stranger = expect.replace("Bearer", "Basic");
        list.http("unauthorized", stranger + BODY, "401:invalid_api_key closed");
    }
}
