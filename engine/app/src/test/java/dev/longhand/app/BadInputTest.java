package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.ProcessResources;
import dev.longhand.engine.lora.TestAdapter;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Each invalid input gives exit status 2 and an error of one or two lines, and leaves nothing. */
class BadInputTest {
    private static final String SHARD = "model-00002-of-00003.safetensors";

    @TempDir private Path temporary;
    private Path model;
    private ProcessResources before;

    @BeforeEach
    void copyModel() throws IOException {
        model = temporary.resolve("model");
        Files.createDirectory(model);
        try (Stream<Path> files = Files.list(Goldens.checkpoint("dim32-group8"))) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
        refused("out of range", "--prompt-ids", "1000000"); // loads classes and the C library
        before = ProcessResources.now(temporary);
    }

    @AfterEach
    void nothingIsLeft() throws InterruptedException {
        before.assertNothingMoreNow(temporary);
    }

    /** Runs {@code generate} on prompt ids 1,2,3 and expects this error. */
    private String refused(String message, String... more) {
        List<String> arguments = new ArrayList<>(List.of("generate", "--max-tokens", "4"));
        if (!List.of(more).contains("--model")) {
            arguments.addAll(List.of("--model", model.toString()));
        }
        if (Stream.of(more).noneMatch(argument -> argument.startsWith("--prompt"))) {
            arguments.addAll(List.of("--prompt-ids", "1,2,3"));
        }
        arguments.addAll(List.of(more));
        return run(message, arguments);
    }

    private static String run(String message, List<String> arguments) {
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        int actual;
        try {
            actual = Main.run(arguments.toArray(String[]::new));
        } finally {
            System.setErr(err);
        }
        String output = captured.toString(StandardCharsets.UTF_8);
        assertEquals(2, actual, output);
        assertTrue(output.contains(message), "expected '" + message + "' in: " + output);
        assertTrue(output.lines().count() <= 2, output);
        assertFalse(output.contains("\tat "), output);
        return output;
    }

    private void configure(String key, Object value) throws IOException {
        JsonMapper mapper = new JsonMapper();
        Path file = model.resolve("config.json");
        ObjectNode config = (ObjectNode) mapper.readTree(file);
        config.putPOJO(key, value);
        Files.writeString(file, mapper.writeValueAsString(config));
    }

    @Test
    void controlCharactersOfFilesAndArgumentsAreEscaped() throws IOException {
        configure("architectures", List.of("Evil\n\u001b[31m\u202e"));
        String output = refused("architectures is [Evil\\u000a\\u001b[31m\\u202e]: the supported");
        assertEquals(1, output.lines().count(), output);
        output =
                refused(
                        "a\\u001b[31m: cannot be read",
                        "--prompt-file",
                        temporary.resolve("a\u001b[31m").toString());
        assertFalse(output.contains("\u001b"), output);
    }

    @Test
    void truncatedShard() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(SHARD).toFile(), "rw")) {
            file.setLength(file.length() - 1);
        }
        refused(SHARD + ": truncated");
    }

    @Test
    void missingShard() throws IOException {
        Files.delete(model.resolve(SHARD));
        refused(SHARD);
    }

    @Test
    void headerBeyondTheFile() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(SHARD).toFile(), "rw")) {
            file.write(new byte[] {-1, -1, -1, 0});
        }
        refused(SHARD + ": truncated: header length");
    }

    @Test
    void wrongShape() throws IOException {
        configure("intermediate_size", 50);
        refused("has shape");
    }

    @Test
    void missingTensor() throws IOException {
        configure("num_hidden_layers", 9);
        refused("is missing");
    }

    @Test
    void unsupportedDtype() throws IOException {
        Path shard = model.resolve(SHARD);
        byte[] bytes = Files.readAllBytes(shard);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        Files.writeString(shard, text.replace("\"BF16\"", "\"U16\" "), StandardCharsets.ISO_8859_1);
        refused("unsupported dtype U16");
        Files.writeString(shard, text.replace("\"BF16\"", "\"Q9_K\""), StandardCharsets.ISO_8859_1);
        refused("unknown dtype");
    }

    @Test
    void unknownArchitecture() throws IOException {
        configure("architectures", List.of("MambaForCausalLM"));
        refused("MambaForCausalLM");
    }

    /** Text of a file cannot forge a line or control the terminal, whatever key it stands in. */
    @Test
    void controlCharactersOfFilesAreEscaped() throws IOException {
        String evil = "Evil\n\u001b[31m\u009b2J\u202e";
        String escaped = "Evil\\u000a\\u001b[31m\\u009b2J\\u202e";
        configure("hidden_act", evil);
        refused(escaped);
        configure("hidden_act", "silu");
        configure("rope_scaling", Map.of("type", evil, "rope_theta", 10_000.0));
        refused(escaped);
        configure("architectures", List.of(evil));
        assertEquals(1, refused(escaped).lines().count());
    }

    @Test
    void mlx() throws IOException {
        configure("quantization", Map.of("group_size", 64, "bits", 4));
        refused("MLX");
    }

    @Test
    void unknownRopeAndActivation() throws IOException {
        configure("hidden_act", "gelu");
        refused("hidden_act");
        configure("hidden_act", "silu");
        configure("rope_scaling", Map.of("type", "telepathic", "rope_theta", 10_000.0));
        refused("telepathic");
    }

    @Test
    void weightsThatAreNaN() throws IOException {
        Path shard = model.resolve(SHARD);
        try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "rw")) {
            file.seek(file.length() - 2);
            file.write(new byte[] {-1, 127}); // BF16 0x7fff
        }
        refused("NaN or infinity");
    }

    @Test
    void malformedJson() throws IOException {
        Files.writeString(model.resolve("config.json"), "{\"hidden_size\": 32,");
        refused("config.json");
        Files.writeString(model.resolve("config.json"), "{\"a\":" + "[".repeat(1_000_000));
        refused("config.json");
        Files.writeString(model.resolve("config.json"), "[1]");
        refused("config.json");
        Files.writeString(model.resolve("config.json"), "");
        refused("config.json");
    }

    @Test
    void malformedSmallFiles() throws IOException {
        Files.writeString(model.resolve("generation_config.json"), "{\"eos_token_id\": \"x\"}");
        refused("eos_token_id");
        Files.delete(model.resolve("generation_config.json"));
        Files.writeString(model.resolve("tokenizer.json"), "{\"model\": {}}");
        refused("tokenizer.json");
        Files.delete(model.resolve("tokenizer.json"));
        Files.writeString(model.resolve("model.safetensors.index.json"), "{\"weight_map\": 7}");
        refused("weight_map");
        Files.writeString(
                model.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"a\": \"../../etc/passwd\"}}");
        refused("index.json");
    }

    @Test
    void promptLongerThanTheContext() {
        refused("the prompt has 3 tokens, the context holds 3", "--max-context", "3");
        refused("positions", "--max-context", "1000000");
        refused("max-context", "--max-context", "0");
    }

    @Test
    void idsOutOfRange() {
        refused("out of range", "--prompt-ids", "1,2,1000000");
        refused("out of range", "--prompt-ids", "1,-2");
        refused("prompt-ids", "--prompt-ids", "1,x");
        refused("prompt-ids", "--prompt-ids", "99999999999");
    }

    @Test
    void settingsOutOfRange() {
        refused("max-tokens", "--max-tokens=0");
        refused("max-tokens", "--max-tokens=-5");
        refused("temperature", "--temperature", "NaN");
        refused("temperature", "--temperature=-1");
        refused("frequency penalty must be in -100..100", "--frequency-penalty", "101");
        refused("logit bias of token 5", "--logit-bias", "5=-101");
        refused("there is no token 999999", "--logit-bias", "999999=1");
        refused("token with a logit bias must be 0 or more", "--logit-bias=-1=1");
        refused("--logit-bias", "--logit-bias", "x=1");
        refused("--logit-bias", "--logit-bias", "1");
        refused("top-p", "--top-p", "0");
        refused("top-p", "--top-p", "NaN");
        refused("min-p", "--min-p", "2");
        refused("top-k", "--top-k=-1");
        refused("repetition penalty", "--repetition-penalty", "0");
        refused("logprobs", "--logprobs", "101");
        refused("stop", "--stop", "");
        refused("threads", "--threads=-1");
    }

    @Test
    void argumentsThatAreNone() {
        refused("--colour", "--colour", "red");
        refused("--device", "--device", "abacus");
        refused("--weights", "--weights", "int3");
        refused("tokenizer", "--prompt", "text without a tokenizer");
        refused("prompt file", "--prompt-file", temporary.resolve("none").toString());
        refused("longer than 16 MiB", "--prompt-file", "/dev/zero");
        refused("--system", "--system", "x");
        run("a command is missing", List.of());
        run("--model", List.of("generate", "--prompt", "x"));
    }

    @Test
    void capacitiesThatNoMachineHas() {
        List<String> serve = List.of("serve", "--http", "0", "--model", model.toString());
        for (String count : List.of("2147483647", "0", "-1")) {
            List<String> arguments = new ArrayList<>(serve);
            arguments.add("--sequences=" + count);
            run("--sequences must be at", arguments);
        }
    }

    @Test
    void whatWasProbablyMeant() {
        run("there is no command 'generat'\nDid you mean generate?", List.of("generat"));
        run("there is no command 'chta'\nDid you mean chat?", List.of("chta"));
        refused("there is no option --promt\nDid you mean --prompt?", "--promt", "x");
        run("Did you mean --prompt?", List.of("generate", "--promt", "x")); // before --model
        run("longhand generate --help", List.of("generate", "--frobnicate"));
    }

    @Test
    void adaptersThatAreNone() {
        Path good = TestAdapter.allLinear(model, 4, 1).write(temporary.resolve("good"));
        refused("NAME=DIR", "--adapter", good.toString());
        refused("the adapter name", "--adapter", "../x=" + good);
        refused("there is no adapter \"y\"", "--adapter", "x=" + good, "--use", "y");
        refused("there is no adapter \"x\"", "--use", "x");
        refused("is a model, not an adapter", "--adapter", "x=" + model);
        Path other =
                TestAdapter.allLinear(Goldens.checkpoint("dim64-group5"), 4, 1)
                        .write(temporary.resolve("other"));
        refused("the model has 2 layers", "--adapter", "x=" + other, "--use", "x");
    }

    @Test
    void unreadableFolder() throws IOException {
        refused("there is no such folder", "--model", temporary.resolve("nowhere").toString());
        Path empty = Files.createDirectory(temporary.resolve("empty"));
        refused("config.json", "--model", empty.toString());
        refused("no such folder", "--model", model.resolve("config.json").toString());
        Files.delete(model.resolve("config.json"));
        Files.createDirectory(model.resolve("config.json"));
        refused("config.json");
    }
}
