package dev.longhand.service.attack;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Bodies that are no JSON, or JSON that costs a careless parser its life. */
final class JsonAttacks {
    private static final String TEXT = "/v1/completions";
    private static final String ASK = "{\"prompt\":\"x\",\"max_tokens\":1%s}";

    private JsonAttacks() {}

    static void addTo(AttackList list) {
        syntax(list);
        encodings(list);
        sizes(list);
        numbers(list);
        list.kind("the same key twice");
        post(list, "equal", "{\"prompt\":\"x\",\"prompt\":\"x\"}", "400");
        post(list, "escaped", "{\"prompt\":\"x\",\"p\\u0072ompt\":\"y\"}", "400");
        post(list, "within", ASK.formatted(",\"logit_bias\":{\"1\":1,\"1\":2}"), "400");
    }

    private static void post(AttackList list, String name, String body, String expected) {
        list.post(TEXT, name, body, expected);
    }

    private static void syntax(AttackList list) {
        list.kind("no JSON");
        for (String body :
                List.of(
                        "",
                        " ",
                        "x",
                        "{",
                        "}",
                        "{\"prompt\"",
                        "{\"prompt\":\"x\"",
                        "{\"prompt\":\"x\",}",
                        "{prompt:\"x\"}",
                        "{'prompt':'x'}",
                        "{\"prompt\":\"x\"/*c*/}",
                        "{\"prompt\":\"a\nb\"}",
                        "{\"prompt\":\"\\x41\"}",
                        "{\"prompt\":\"\\u12\"}",
                        "{\"prompt\":\"a\0b\"}",
                        "prompt=x&max_tokens=1",
                        "<?xml version=\"1.0\"?><!DOCTYPE x SYSTEM \"file:///etc/passwd\">")) {
            post(list, body, body, "400");
        }
        list.kind("no object");
        for (String body : List.of("[]", "7", "\"x\"", "null", "true", "[{\"prompt\":\"x\"}]")) {
            post(list, body, body, "400");
        }
        list.kind("text after the object");
        for (String tail : List.of("x", "{}", "]", "\0", "//")) {
            post(list, tail, ASK.formatted("") + tail, "400");
        }
        list.kind("numbers that JSON does not have");
        for (String number :
                List.of("NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x1")) {
            post(list, number, ASK.formatted(",\"temperature\":" + number), "400");
        }
    }

    private static void encodings(AttackList list) {
        list.kind("no UTF-8");
        for (int[] bytes :
                List.of(
                        new int[] {0xff},
                        new int[] {0xc3, '('},
                        new int[] {0xc0, 0xaf}, // overlong
                        new int[] {0xed, 0xa0, 0x80}, // a surrogate
                        new int[] {0xf4, 0x90, 0x80, 0x80}, // beyond Unicode
                        new int[] {0xe2, 0x82})) {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            body.writeBytes("{\"max_tokens\":1,\"prompt\":\"".getBytes(StandardCharsets.UTF_8));
            for (int each : bytes) {
                body.write(each);
            }
            body.writeBytes("\"}".getBytes(StandardCharsets.UTF_8));
            list.post(TEXT, Integer.toHexString(bytes[0]), body.toByteArray(), "400");
        }
        list.kind("another encoding");
        for (String name : List.of("UTF-16LE", "UTF-16", "UTF-32BE")) {
            list.post(TEXT, name, ASK.formatted("").getBytes(Charset.forName(name)), "400");
        }
        post(list, "byte order mark", "\ufeff" + ASK.formatted(""), "200");
        list.kind("surrogate without its pair");
        for (String field : List.of("stop", "thought_begin")) {
            String value = ",\"%s\":\"\\ud800\"".formatted(field);
            post(list, field, ASK.formatted(value), "400:" + field);
        }
        post(list, "user", ASK.formatted(",\"user\":\"\\ud800\""), "200"); // ignored
        post(list, "model", ASK.formatted(",\"model\":\"\\ud800\""), "404:model");
        post(list, "prompt", "{\"prompt\":\"a\\udc00b\",\"max_tokens\":1}", "400:prompt");
        post(list, "swapped", "{\"prompt\":\"\\udc00\\ud800\",\"max_tokens\":1}", "400:prompt");
        post(list, "key", ASK.formatted(",\"\\ud800\":1"), "400:\\ud800");
    }

    private static void sizes(AttackList list) {
        list.kind("depth");
        for (int depth : List.of(500, 5_000, 1_000_000)) {
            post(list, "lists of " + depth, "{\"prompt\":" + "[".repeat(depth), "400");
            String objects = "{\"prompt\":" + "{\"a\":".repeat(depth);
            post(list, "objects of " + depth, objects, depth > 800_000 ? "413:too_long" : "400");
            String nested = "[".repeat(depth) + "]".repeat(depth);
            post(list, "closed lists of " + depth, "{\"prompt\":" + nested + "}", "400");
        }
        list.kind("ten MB of text");
        post(list, "prompt", "{\"prompt\":\"" + "x".repeat(10_000_000) + "\"}", "413:too_long");
        list.kind("a hundred thousand keys");
        StringBuilder keys = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            keys.append(",\"key").append(i).append("\":").append(i);
        }
        post(list, "unknown", ASK.formatted(keys), "400:key0");
        list.kind("a key of 1 MB");
        post(list, "unknown", ASK.formatted(",\"" + "k".repeat(1_000_000) + "\":1"), "400");
        list.kind("control characters in a key");
        post(
                list,
                "escape",
                ASK.formatted(",\"\\u001b[31m\\n\\u202e\":1"),
                "400:\\u001b[31m\\u000a\\u202e");
    }

    private static void numbers(AttackList list) {
        list.kind("endless number");
        for (String field : List.of("max_tokens", "temperature", "seed", "n", "top_p")) {
            String digits = "9".repeat(5_000);
            post(list, field, "{\"prompt\":\"x\",\"%s\":%s}".formatted(field, digits), "400");
        }
        post(list, "1 MB", ASK.formatted(",\"temperature\":0." + "1".repeat(1_000_000)), "400");
        list.kind("huge exponent");
        for (String value : List.of("1e400", "-1e400", "1e999999999")) {
            post(list, value, ASK.formatted(",\"temperature\":" + value), "400:temperature");
        }
        for (String value : List.of("1e-999999999", "0e99999999999")) { // zero
            post(list, value, ASK.formatted(",\"temperature\":" + value), "200");
        }
        for (String value : List.of("1e400", "1e999999999", "1e-999999999", "1e-400")) {
            post(list, "seed " + value, ASK.formatted(",\"seed\":" + value), "400:seed");
        }
        for (String value : List.of("0e99999999999", "0e-99999999999")) {
            post(list, "seed " + value, ASK.formatted(",\"seed\":" + value), "400:seed");
        }
    }
}
