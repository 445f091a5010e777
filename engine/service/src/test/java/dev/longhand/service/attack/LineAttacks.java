package dev.longhand.service.attack;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Bytes on the port of the line protocol. */
final class LineAttacks {
    private static final String ASK = "{\"id\":\"a\",\"prompt\":\"x\",\"max_tokens\":1%s}";

    private LineAttacks() {}

    static void addTo(AttackList list) {
        protocols(list);
        tokens(list);
        lines(list);
        requests(list);
        adapters(list);
    }

    private static void protocols(AttackList list) {
        String body = "\n{\"authorize\":\"secret\"}\n{\"unload_adapter\":\"math\"}\n";
        list.kind("browser on the line port");
        for (String method : List.of("GET", "POST", "OPTIONS", "PUT", "get")) {
            String head = method + " / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
            list.rawLines(method, head + body, "bad_request closed");
        }
        list.kind("another protocol on the line port");
        for (String hello :
                List.of(
                        "SSH-2.0-x\r\n",
                        "EHLO evil.example\r\n",
                        "USER anonymous\r\n",
                        "*1\r\n$4\r\nPING\r\n",
                        "\0\0\0\u0004",
                        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) {
            list.rawLines(hello.strip(), hello + body, "bad_request closed");
        }
        list.kind("TLS on the line port");
        byte[] tls = HeadAttacks.tlsHello().getBytes(StandardCharsets.ISO_8859_1);
        list.rawLines("hello", tls, "bad_request closed");
        list.kind("binary on the line port");
        list.rawLines("zeros", new byte[100_000], "bad_request closed");
    }

    private static void tokens(AttackList list) {
        list.kind("line without the token");
        list.rawLines("models", "{\"models\":true}\n", "bad_request closed");
        list.rawLines("prompt", ASK.formatted("") + "\n", "bad_request closed");
        list.rawLines("unload", "{\"unload_adapter\":\"math\"}\n", "bad_request closed");
        list.kind("line with a wrong token");
        for (String token :
                List.of(
                        "\"wrong\"",
                        "\"\"",
                        "\"SECRET\"",
                        "\"secrets\"",
                        "1",
                        "null",
                        "[\"secret\"]")) {
            list.rawLines(token, "{\"authorize\":%s}\n".formatted(token), "bad_request closed");
        }
        list.kind("token withdrawn");
        list.lines("wrong second", "{\"authorize\":\"wrong\"}", "bad_request closed");
    }

    private static void lines(AttackList list) {
        list.kind("line that is no object");
        for (String line :
                List.of("[]", "7", "null", "\"x\"", "x", "{", "{\"models\"", "{}{}", "{}x")) {
            list.lines(line, line, "bad_request closed");
        }
        list.kind("line of 5 MB");
        list.lines(
                "prompt", "{\"prompt\":\"" + "x".repeat(5_000_000) + "\"}", "bad_request closed");
        list.kind("line with a deep value");
        list.lines("lists", "{\"prompt\":" + "[".repeat(100_000), "bad_request closed");
        list.kind("blank lines");
        list.lines("many", "\n".repeat(100_000) + "\r\n \t \n", "open");
        list.kind("line ends of Windows");
        list.lines("CR", "{\"id\":\"a\",\"models\":true}\r", "models open");
        list.kind("line that is no UTF-8");
        byte[] bytes =
                "{\"authorize\":\"secret\"}\n{\"prompt\":\"\u00ff\"}\n"
                        .getBytes(StandardCharsets.ISO_8859_1);
        list.rawLines("ff", bytes, "bad_request closed");
        list.kind("several requests in a line");
        list.lines("two", "{\"models\":true,\"cancel\":\"a\"}", "bad_request open");
        list.kind("unknown request");
        list.lines("none", "{}", "bad_request open");
        list.lines("other", "{\"shutdown\":true}", "bad_request open");
        list.lines("id only", "{\"id\":\"a\"}", "bad_request open");
    }

    private static void requests(AttackList list) {
        list.kind("id that is none");
        for (String id : List.of("1", "[]", "{}", "\"" + "i".repeat(10_000) + "\"")) {
            String line = "{\"id\":%s,\"prompt\":\"x\",\"max_tokens\":1}".formatted(id);
            list.lines(id.substring(0, Math.min(9, id.length())), line, "bad_request open");
        }
        list.kind("id in use");
        String longer = ASK.replace("1%s", "200,\"ignore_eos\":true%s").formatted("") + "\n";
        list.lines("twice", longer + ASK.formatted(""), "bad_request done open");
        list.kind("cancel flood");
        list.lines("unknown ids", "{\"cancel\":\"x\"}\n".repeat(20_000), "open");
        list.lines("own id", longer + "{\"cancel\":\"a\"}\n".repeat(5_000), "done open");
        list.lines("number", "{\"cancel\":1}", "bad_request open");
        list.kind("more generations than a connection may have");
        list.lines("n", ASK.formatted(",\"n\":65"), "bad_request open");
        list.kind("line with wrong fields");
        for (String field :
                List.of(
                        "\"messages\":[]",
                        "\"prompt_ids\":[1]",
                        "\"x\":1",
                        "\"n\":0",
                        "\"n\":\"x\"",
                        "\"temperature\":-1",
                        "\"logprobs\":101",
                        "\"stop\":[\"\"]",
                        "\"logit_bias\":{\"620\":1}",
                        "\"tools\":[]",
                        "\"model\":1",
                        "\"stream\":true")) {
            list.lines(field, ASK.formatted("," + field), "bad_request open");
        }
        list.lines("same key twice", ASK.formatted(",\"max_tokens\":2"), "bad_request closed");
        list.lines("model", ASK.formatted(",\"model\":\"nobody\""), "unknown_model open");
        list.lines("ids", "{\"prompt_ids\":[620]}", "bad_request open");
        list.lines(
                "oversized", "{\"prompt\":\"" + "a".repeat(3_000_000) + "\"}", "bad_request open");
    }

    private static void adapters(AttackList list) {
        list.kind("adapters over lines");
        for (String path : List.of("..", "/etc", "../../etc", "adapter\\u0000", "", "nothing")) {
            String line = "{\"load_adapter\":\"x\",\"path\":\"%s\"}".formatted(path);
            list.lines(path, line, "bad_request open");
        }
        list.lines("no path", "{\"load_adapter\":\"x\"}", "bad_request open");
        list.lines("base", "{\"load_adapter\":\"demo\",\"path\":\"adapter\"}", "bad_request open");
        list.lines("unknown", "{\"unload_adapter\":\"nobody\"}", "bad_request open");
    }
}
