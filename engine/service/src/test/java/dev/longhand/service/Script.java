package dev.longhand.service;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The texts of {@link ScriptedCheckpoint}, cut into tokens. */
final class Script {
    /** Tokens without a script. */
    static final List<String> EXTRAS = List.of(" xx", " yy", " heads", " tails");

    /** Scripts whose only token repeats for ever. */
    static final Set<String> ENDLESS = Set.of("loop");

    /**
     * Scripts whose next tokens have probabilities: any token alike, " xx" before " yy", and for
     * ever " heads" three times as likely as " tails".
     */
    static final Set<String> SAMPLED = Set.of("uni", "pen", "coin");

    private Script() {}

    /** The pieces of each script by its name; a piece {@code \xF0\x9F} is the bytes F0 9F. */
    static Map<String, List<byte[]>> all() {
        Map<String, List<byte[]>> scripts = new LinkedHashMap<>();
        add(scripts, "hello", "Hello", "! I", " am", " scripted.");
        add(scripts, "emoji", "Hi ", "\\xF0", "\\x9F", "\\x98", "\\x80", " done1");
        add(
                scripts,
                "zwj",
                "Z:",
                "\\xF0\\x9F\\x91",
                "\\xA9\\xE2\\x80",
                "\\x8D\\xF0\\x9F",
                "\\x92\\xBB",
                " done2");
        add(scripts, "cjk", "C:", "\\xE4\\xB8", "\\xAD\\xE6", "\\x96\\x87", "。done3");
        add(scripts, "bad", "ab", "\\xFF", "cd", "\\xE5\\xB9");
        add(scripts, "sur", "sur", "\\xED\\xA0\\x80", "end4");
        add(scripts, "stopA", "The answer", " is ST", "OP", "PED now5");
        add(scripts, "stopB", "one ", "STO", "RE two6");
        add(scripts, "stopC", "three ", "ST");
        add(scripts, "stopD", "aab", "aaab7");
        add(scripts, "stopE", "x8", "\\xF0\\x9F\\x98", "\\x80\\x79\\x39");
        addThoughts(scripts);
        addCalls(scripts);
        add(scripts, "lead", " Paris", " is10");
        add(scripts, "spec", "before", "<|im_start|>", "after11");
        add(scripts, "loop", " la");
        add(scripts, "uni", "U:");
        add(scripts, "pen", "R:");
        add(scripts, "coin", "P:");
        add(scripts, "ques", "Is it? yes12");
        add(scripts, "crlf", "line1\r\n", "line2\tend\0z\u001b[31m");
        return scripts;
    }

    private static void addThoughts(Map<String, List<byte[]>> scripts) {
        add(
                scripts,
                "think1",
                "<think>",
                "Let me check: ANS",
                "WER no",
                "</think>",
                "\nFinal ANSW",
                "ER: 42");
        add(scripts, "opened", "Hm 6*7", "</think>", "\nFinal ANSW", "ER: 42");
        add(
                scripts,
                "think2",
                "<thi",
                "nk>I could use <tool",
                "_call>\n{\"name\": \"fake\", \"arguments\": {}}\n</tool",
                "_call> but no",
                "</thi",
                "nk>\nReal: <tool_",
                "call>\n{\"name\": \"real\", \"arguments\": {\"x\": 1}}\n</tool_",
                "call>");
    }

    private static void addCalls(Map<String, List<byte[]>> scripts) {
        add(
                scripts,
                "llama",
                "<|python_tag|>",
                "{\"name\": \"real\", \"para",
                "meters\": {\"x\": 1}}");
        add(
                scripts,
                "tool2",
                "I'll look.\n<tool_call>",
                "\n{\"name\": \"get_weather\", \"arguments\": ",
                "{\"city\": \"Zürich 😀\", \"d\": 12345678901234567890123, \"f\": 1.10, \"t\":"
                        + " 0.1234567890123456789}}\n",
                "</tool_call>\n<tool_call>\n{\"name\": \"b\", \"arguments\": {}}\n</tool_call>",
                "\nBye");
        add(
                scripts,
                "tool3",
                "TC3<tool_call>",
                "{\"name\": \"s\", \"arguments\": \"{\\\"a\\\": 1}\"}",
                "</tool_call>.");
        add(
                scripts,
                "tool4",
                "TC4<tool_call>",
                "{\"name\": \"s4\", \"arguments\": {\"p\": \"</tool_",
                "call> inside\"}}",
                "</tool_call>!!");
        add(scripts, "tool5", "TC5<tool_call>", "{'name': 'f', 'arguments': {}}</tool_call> x5");
        add(
                scripts,
                "tool6",
                "<tool_call>",
                "\n{\"name\": \"only\", \"arguments\": {\"a\": [1, 2]}}",
                "\n</tool_call>");
    }

    private static void add(Map<String, List<byte[]>> scripts, String name, String... pieces) {
        List<byte[]> bytes = new ArrayList<>();
        for (String piece : pieces) {
            bytes.add(
                    piece.startsWith("\\x")
                            ? HexFormat.of().parseHex(piece.replace("\\x", ""))
                            : piece.getBytes(StandardCharsets.UTF_8));
        }
        scripts.put(name, bytes);
    }
}
