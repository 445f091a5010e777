package dev.longhand.service.attack;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Fields with wrong types and values out of range. */
final class FieldAttacks {
    private static final String TEXT = "/v1/completions";
    private static final String ASK = "{\"prompt\":\"x\"%s,\"%s\":%s}";

    private FieldAttacks() {}

    static void addTo(AttackList list) {
        types(list);
        ranges(list);
        list.kind("unknown field");
        for (String field :
                List.of("Prompt", "maxtokens", "__proto__", "", "$ref", "constructor")) {
            refused(list, field, "1");
        }
        lists(list);
        bans(list);
        list.kind("requests for more than the server gives");
        list.post(TEXT, "prompts", "{\"prompt\":[\"a\"" + ",\"a\"".repeat(64) + "]}", "400:prompt");
        list.post(TEXT, "product", "{\"prompt\":[\"a\",\"b\"],\"n\":33}", "400:n");
        list.post(
                TEXT,
                "log-probabilities",
                "{\"prompt\":\"x\",\"n\":64,\"logprobs\":20,\"max_tokens\":2}",
                "200");
        list.kind("a name of 1 MB as model");
        list.post(
                TEXT,
                "model",
                ASK.formatted("", "model", quoted("m".repeat(1 << 20))),
                "404:model");
        list.kind("control characters as model");
        list.post(
                TEXT, "escape", ASK.formatted("", "model", quoted("\\u001b[31m\\n")), "404:model");
        list.kind("numbers that overflow");
        for (String value :
                List.of("2147483648", "4294967297", "9223372036854775808", "-2147483649")) {
            refused(list, "max_tokens", value);
            refused(list, "n", value);
        }
        refused(list, "seed", "9223372036854775808");
        refused(list, "seed", "-9223372036854775809");
    }

    private static String quoted(String text) {
        return "\"" + text + "\"";
    }

    private static void refused(AttackList list, String field, String value) {
        String limit = field.equals("max_tokens") ? "" : ",\"max_tokens\":1";
        String shown = value.substring(0, Math.min(40, value.length()));
        String named = field.isEmpty() ? "" : ":" + field;
        list.post(TEXT, field + " " + shown, ASK.formatted(limit, field, value), "400" + named);
    }

    /** Each field with values of every other type. */
    private static void types(AttackList list) {
        List<String> texts = List.of("\"x\"", "\"\"", "\"1\"");
        List<String> nested = List.of("{}", "{\"a\":1}", "[]", "[1]");
        list.kind("a number that is none");
        for (String number :
                List.of(
                        "max_tokens",
                        "n",
                        "temperature",
                        "top_p",
                        "top_k",
                        "min_p",
                        "seed",
                        "logprobs",
                        "frequency_penalty",
                        "presence_penalty",
                        "repetition_penalty",
                        "thinking_budget",
                        "timeout_ms",
                        "queue_timeout_ms")) {
            refused(list, number, "true");
            texts.forEach(value -> refused(list, number, value));
            nested.forEach(value -> refused(list, number, value));
        }
        list.kind("a switch that is none");
        for (String field : List.of("stream", "ignore_eos", "return_token_ids", "loop_detector")) {
            for (String value : List.of("1", "0", "\"true\"", "\"\"", "[]", "{}")) {
                refused(list, field, value);
            }
        }
        list.kind("a text that is none");
        for (String value : List.of("1", "true", "[]", "{}")) {
            refused(list, "model", value);
            refused(list, "user", value);
            list.post(TEXT, "prompt " + value, "{\"prompt\":%s}".formatted(value), "400:prompt");
        }
        list.kind("an object that is none");
        for (String value : List.of("1", "true", "[]", "\"x\"")) {
            refused(list, "logit_bias", value);
            refused(list, "metadata", value);
            refused(list, "stream_options", value);
        }
    }

    private static void ranges(AttackList list) {
        list.kind("a number out of range");
        Map<String, List<String>> values = new TreeMap<>();
        values.put("max_tokens", List.of("0", "-2", "1.5"));
        values.put("n", List.of("0", "-1", "65", "1000000000", "1.5"));
        values.put("temperature", List.of("-0.1", "-1e9", "1e30"));
        values.put("top_p", List.of("-0.1", "1.1", "1e9"));
        values.put("min_p", List.of("-0.1", "1.1"));
        values.put("logprobs", List.of("-1", "21", "1000000"));
        values.put("repetition_penalty", List.of("0", "-1", "1e30"));
        values.put("frequency_penalty", List.of("-1e30", "1e30"));
        values.put("thinking_budget", List.of("-1", "1.5"));
        values.put("timeout_ms", List.of("0", "-1", "1e300"));
        values.put("queue_timeout_ms", List.of("0", "-1"));
        values.forEach((field, all) -> all.forEach(value -> refused(list, field, value)));
    }

    private static void lists(AttackList list) {
        list.kind("stop strings");
        for (String value :
                List.of(
                        "[\"\"]",
                        "[1]",
                        "[null]",
                        "[[\"x\"]]",
                        "{}",
                        "\"\\ud800\"",
                        "[" + "\"s\",".repeat(100_000) + "\"s\"]",
                        quoted("s".repeat(1 << 20)))) {
            refused(list, "stop", value);
        }
        list.kind("token ids as prompt");
        for (String ids :
                List.of(
                        "[-1]",
                        "[620]",
                        "[2147483648]",
                        "[1.5]",
                        "[\"1\",2]",
                        "[[1],2]",
                        "[[]]",
                        "[null]",
                        "[true]",
                        "[" + "1,".repeat(10_000) + "1]")) {
            String shown = ids.substring(0, Math.min(20, ids.length()));
            list.post(TEXT, shown, "{\"max_tokens\":1,\"prompt\":%s}".formatted(ids), "400:prompt");
        }
        list.kind("more values than the heap holds");
        String many = "1,".repeat(1_000_000);
        list.post(TEXT, "ids", "{\"prompt\":[" + many + "1]}", "400");
        list.post(TEXT, "lists", "{\"prompt\":[" + "[],".repeat(1_000_000) + "1]}", "400");
    }

    private static void bans(AttackList list) {
        list.kind("biases");
        for (String key : List.of("x", "-1", "620", "1.0", "99999999999", " 1")) {
            bias(list, "{\"%s\":1}".formatted(key), key);
        }
        for (String value : List.of("{\"1\":\"x\"}", "{\"1\":1e30}", "{\"01\":1,\"1\":1}")) {
            bias(list, value, "1");
        }
        StringBuilder all = new StringBuilder("{\"0\":-100");
        for (int id = 1; id < 620; id++) {
            all.append(",\"").append(id).append("\":-100");
        }
        String body = ASK.formatted(",\"max_tokens\":1", "logit_bias", all + "}");
        list.post(TEXT, "every token", body, "400:logit_bias");
    }

    private static void bias(AttackList list, String value, String key) {
        String body = ASK.formatted(",\"max_tokens\":1", "logit_bias", value);
        list.post(TEXT, value, body, "400:logit_bias." + key);
    }
}
