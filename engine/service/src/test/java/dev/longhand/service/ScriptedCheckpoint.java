package dev.longhand.service;

import dev.longhand.engine.Goldens;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A tiny Qwen2 checkpoint that says scripted texts: its next token depends on the last token only,
 * so the cuts between tokens are exact. A prompt of one start id, or a {@code logit_bias} of 100 on
 * it, starts a script. The tokenizer and the template are the demo's, without merges.
 */
public final class ScriptedCheckpoint {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");
    private static final int HEAD_SIZE = 64;
    private static final int FEED_FORWARD = 128;
    private static final int CONTEXT = 32_768;
    private static final double CERTAIN = 200;

    private static final List<String> CONTROLS =
            List.of(
                    "<|endoftext|>",
                    "<|im_start|>",
                    "<|im_end|>",
                    "<|python_tag|>",
                    "<think>",
                    "</think>");

    private final Path folder;
    private final Map<String, Integer> vocabulary = new LinkedHashMap<>(); // by spelling
    private final Map<String, Integer> controls = new LinkedHashMap<>();
    private final Map<String, Integer> starts = new HashMap<>();
    private final char[] spellings = new char[256];

    private ScriptedCheckpoint(Path folder) {
        this.folder = folder;
    }

    /** Writes the checkpoint into an empty folder. */
    public static ScriptedCheckpoint write(Path folder) throws IOException {
        ScriptedCheckpoint checkpoint = new ScriptedCheckpoint(folder);
        checkpoint.buildVocabulary();
        checkpoint.writeConfigs();
        checkpoint.writeWeights();
        return checkpoint;
    }

    /** The folder of the checkpoint. */
    public Path folder() {
        return folder;
    }

    /** The token of a text. */
    public int token(String text) {
        return id(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The token that starts a script, or the token of a control text. */
    public int start(String name) {
        return controls.containsKey(name) ? controls.get(name) : starts.get(name);
    }

    private void buildVocabulary() {
        int replacement = 256;
        for (int value = 0; value < 256; value++) {
            boolean printable =
                    (value > 32 && value < 127) || (value > 160 && value < 256 && value != 173);
            spellings[value] = (char) (printable ? value : replacement++);
            vocabulary.put(String.valueOf(spellings[value]), value);
        }
        Script.all().forEach((name, pieces) -> pieces.forEach(this::add));
        Script.EXTRAS.forEach(text -> add(text.getBytes(StandardCharsets.UTF_8)));
        for (String control : CONTROLS) {
            controls.put(control, vocabulary.size() + controls.size());
        }
        Script.all().forEach((name, pieces) -> starts.put(name, id(pieces.getFirst())));
        Script.EXTRAS.forEach(
                text -> starts.put(text.strip(), id(text.getBytes(StandardCharsets.UTF_8))));
    }

    private void add(byte[] piece) {
        if (!CONTROLS.contains(new String(piece, StandardCharsets.UTF_8))) {
            vocabulary.putIfAbsent(spelling(piece), vocabulary.size());
        }
    }

    private int id(byte[] piece) {
        Integer control = controls.get(new String(piece, StandardCharsets.UTF_8));
        return control != null ? control : vocabulary.get(spelling(piece));
    }

    private String spelling(byte[] piece) {
        StringBuilder spelling = new StringBuilder();
        for (byte value : piece) {
            spelling.append(spellings[Byte.toUnsignedInt(value)]);
        }
        return spelling.toString();
    }

    /** The size of the vocabulary. */
    public int tokens() {
        return vocabulary.size() + controls.size();
    }

    private int width() {
        return Math.ceilDiv(tokens(), HEAD_SIZE) * HEAD_SIZE;
    }

    private void writeConfigs() throws IOException {
        int end = controls.get("<|im_end|>");
        int begin = controls.get("<|endoftext|>");
        ObjectNode config = object("config.json");
        config.put("hidden_size", width()).put("intermediate_size", FEED_FORWARD);
        config.put("num_attention_heads", width() / HEAD_SIZE).put("num_key_value_heads", 1);
        config.put("num_hidden_layers", 1).put("max_window_layers", 1);
        config.put("vocab_size", tokens()).put("tie_word_embeddings", false);
        config.put("max_position_embeddings", CONTEXT).put("torch_dtype", "float32");
        config.put("bos_token_id", begin).put("eos_token_id", end);
        save("config.json", config);
        ObjectNode generation = JSON.createObjectNode().put("do_sample", false);
        generation.putArray("eos_token_id").add(end).add(begin);
        save("generation_config.json", generation);

        ObjectNode tokenizer = object("tokenizer.json");
        ObjectNode model = (ObjectNode) tokenizer.get("model");
        ObjectNode words = model.putObject("vocab");
        vocabulary.forEach(words::put);
        model.putArray("merges");
        ObjectNode settings = object("tokenizer_config.json");
        settings.put("model_max_length", CONTEXT);
        ObjectNode decoder = settings.putObject("added_tokens_decoder");
        var added = tokenizer.putArray("added_tokens");
        controls.forEach(
                (text, id) -> {
                    added.add(control(text).put("id", id));
                    decoder.set(id.toString(), control(text));
                });
        save("tokenizer.json", tokenizer);
        save("tokenizer_config.json", settings);
    }

    private static ObjectNode control(String text) {
        ObjectNode json = JSON.createObjectNode().put("content", text);
        for (String option : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            json.put(option, false);
        }
        return json.put("special", text.startsWith("<|"));
    }

    private static ObjectNode object(String name) {
        return (ObjectNode) JSON.readTree(DEMO.resolve(name));
    }

    private void save(String name, JsonNode json) throws IOException {
        Files.write(folder.resolve(name), JSON.writeValueAsBytes(json));
    }

    private void writeWeights() throws IOException {
        int width = width();
        Map<String, float[]> tensors = new LinkedHashMap<>();
        Map<String, int[]> shapes = new LinkedHashMap<>();
        float[] embeddings = new float[tokens() * width];
        for (int token = 0; token < tokens(); token++) {
            embeddings[token * width + token] = 1;
        }
        float[] ones = new float[width];
        Arrays.fill(ones, 1);
        put(tensors, shapes, "model.embed_tokens.weight", embeddings, tokens(), width);
        put(tensors, shapes, "lm_head.weight", head(), tokens(), width);
        put(tensors, shapes, "model.norm.weight", ones, width);
        String layer = "model.layers.0.";
        put(tensors, shapes, layer + "input_layernorm.weight", ones, width);
        put(tensors, shapes, layer + "post_attention_layernorm.weight", ones, width);
        for (String name : List.of("q", "k", "v")) {
            int rows = name.equals("q") ? width : HEAD_SIZE;
            String projection = layer + "self_attn." + name + "_proj.";
            put(tensors, shapes, projection + "weight", new float[rows * width], rows, width);
            put(tensors, shapes, projection + "bias", new float[rows], rows);
        }
        float[] square = new float[width * width];
        put(tensors, shapes, layer + "self_attn.o_proj.weight", square, width, width);
        float[] feed = new float[FEED_FORWARD * width];
        put(tensors, shapes, layer + "mlp.gate_proj.weight", feed, FEED_FORWARD, width);
        put(tensors, shapes, layer + "mlp.up_proj.weight", feed, FEED_FORWARD, width);
        put(tensors, shapes, layer + "mlp.down_proj.weight", feed, width, FEED_FORWARD);
        writeSafetensors(tensors, shapes);
    }

    private static void put(
            Map<String, float[]> tensors,
            Map<String, int[]> shapes,
            String name,
            float[] values,
            int... shape) {
        tensors.put(name, values);
        shapes.put(name, shape);
    }

    /** The matrix of logits: the row of the next token has its logit in the column of the last. */
    private float[] head() {
        Logits logits = new Logits(tokens(), width());
        int end = controls.get("<|im_end|>");
        Script.all()
                .forEach(
                        (name, pieces) -> {
                            for (int i = 0; i < pieces.size() && !sampled(name); i++) {
                                boolean last = i + 1 == pieces.size();
                                int from = id(pieces.get(i));
                                int to = last ? end : id(pieces.get(i + 1));
                                logits.set(
                                        from, Script.ENDLESS.contains(name) ? from : to, CERTAIN);
                            }
                        });
        logits.used[start("uni")] = true;
        logits.forbid(start("pen"));
        logits.set(start("pen"), start("xx"), 2);
        logits.set(start("pen"), start("yy"), 1.5);
        logits.set(start("xx"), end, CERTAIN);
        logits.set(start("yy"), end, CERTAIN);
        for (String coin : List.of("coin", "heads", "tails")) {
            logits.forbid(start(coin));
            logits.set(start(coin), start("heads"), Math.log(3));
            logits.set(start(coin), start("tails"), 0);
        }
        logits.used[end] = true;
        for (int token = 0; token < tokens(); token++) {
            if (!logits.used[token]) {
                logits.set(token, start("hello"), 5);
            }
        }
        return logits.values;
    }

    private static boolean sampled(String script) {
        return Script.SAMPLED.contains(script);
    }

    /** Logits of each next token by the last one, as a matrix of the head. */
    private static final class Logits {
        private static final double FORBIDDEN = -50;

        private final int tokens;
        private final int width;
        private final double norm; // of a row of the embeddings, after the last normalisation
        private final float[] values;
        private final boolean[] used;

        Logits(int tokens, int width) {
            this.tokens = tokens;
            this.width = width;
            norm = 1 / Math.sqrt(1.0 / width + 1e-6);
            values = new float[tokens * width];
            used = new boolean[tokens];
        }

        void set(int last, int next, double logit) {
            values[next * width + last] = (float) (logit / norm);
            used[last] = true;
        }

        void forbid(int last) {
            for (int next = 0; next < tokens; next++) {
                set(last, next, FORBIDDEN);
            }
        }
    }

    private void writeSafetensors(Map<String, float[]> tensors, Map<String, int[]> shapes)
            throws IOException {
        ObjectNode header = JSON.createObjectNode();
        int bytes = 0;
        for (var tensor : tensors.entrySet()) {
            ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", "F32");
            var shape = entry.putArray("shape");
            Arrays.stream(shapes.get(tensor.getKey())).forEach(shape::add);
            int next = bytes + tensor.getValue().length * Float.BYTES;
            entry.putArray("data_offsets").add(bytes).add(next);
            bytes = next;
        }
        String json = header.toString();
        json += " ".repeat(-json.length() & 7);
        ByteBuffer file = ByteBuffer.allocate(Long.BYTES + json.length() + bytes);
        file.order(ByteOrder.LITTLE_ENDIAN).putLong(json.length());
        file.put(json.getBytes(StandardCharsets.UTF_8));
        for (float[] values : tensors.values()) {
            for (float value : values) {
                file.putFloat(value);
            }
        }
        Files.write(folder.resolve("model.safetensors"), file.array());
    }
}
