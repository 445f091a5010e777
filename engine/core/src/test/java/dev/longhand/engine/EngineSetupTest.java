package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationDefaults;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The settings that an engine reads from the small files beside the weights, and its memory plan.
 */
class EngineSetupTest {
    private static final int TOKENS = 50;

    @TempDir private Path model;

    @BeforeEach
    void copyModel() throws IOException {
        try (Stream<Path> files = Files.list(Goldens.checkpoint("dim32-group8"))) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
    }

    /** Writes a tokenizer of 50 letters, fewer than the vocabulary has rows. */
    private void writeTokenizer() throws IOException {
        String vocabulary =
                IntStream.range(0, TOKENS)
                        .mapToObj(i -> "\"" + (char) ('0' + i) + "\":" + i)
                        .map(entry -> entry.replace("\"\\\"", "\"\\\\\""))
                        .collect(Collectors.joining(","));
        Files.writeString(
                model.resolve("tokenizer.json"),
                """
                {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
                "normalizer":null,"post_processor":null,
                "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,
                "trim_offsets":false,"use_regex":false},
                "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true},
                "model":{"type":"BPE","vocab":{%s},"merges":[]}}
                """
                        .formatted(vocabulary));
    }

    private EngineConfig config() {
        return EngineConfig.of(model).withDevice(Device.REFERENCE);
    }

    @Test
    void rowsBeyondTheTokenizerAreNeverDrawn() throws IOException {
        GenerationRequest request =
                GenerationRequest.ids(List.of(1, 2, 3))
                        .withMaxTokens(40)
                        .withSampling(
                                SamplingOptions.DEFAULT
                                        .withTemperature(5f)
                                        .withTopK(0)
                                        .withTopP(1f)
                                        .withMinP(0f)
                                        .withSeed(7L)
                                        .withLogprobs(TOKENS + 10))
                        .ignoringEos();
        try (Engine engine = Engine.open(config())) {
            assertTrue(
                    Completion.of(engine, request).ids().stream().anyMatch(id -> id >= TOKENS),
                    "without a tokenizer every row may be drawn");
        }
        writeTokenizer();
        try (Engine engine = Engine.open(config())) {
            Completion completion = Completion.of(engine, request);
            assertTrue(completion.ids().stream().allMatch(id -> id < TOKENS));
            for (List<TokenLogprob> step : completion.logprobs()) {
                assertEquals(TOKENS, step.size());
                double mass = step.stream().mapToDouble(t -> Math.exp(t.logprob())).sum();
                assertEquals(1, mass, 1e-5);
            }
        }
    }

    @Test
    void everyEndTokenEnds() throws IOException {
        GenerationRequest endless = GenerationRequest.ids(List.of(1, 2, 3)).withMaxTokens(20);
        List<Integer> ids;
        try (Engine engine = Engine.open(config())) {
            ids = Completion.of(engine, endless.ignoringEos()).ids();
        }
        int end = ids.get(5);
        Files.writeString(
                model.resolve("generation_config.json"), "{\"eos_token_id\": [0, " + end + "]}");
        try (Engine engine = Engine.open(config())) {
            Completion completion = Completion.of(engine, endless);
            assertEquals(FinishReason.STOP, completion.reason());
            assertEquals(ids.subList(0, ids.indexOf(end) + 1), completion.ids());
            assertEquals(ids, Completion.of(engine, endless.ignoringEos()).ids());
        }
    }

    @Test
    void samplingDefaultsComeFromTheFolder() throws IOException {
        ModelConfig config = ModelConfig.read(model);
        Path file = model.resolve("generation_config.json");
        Files.deleteIfExists(file);
        assertEquals(0, GenerationDefaults.read(model, config.eosTokenIds()).temperature());
        Files.writeString(
                file,
                "{\"do_sample\": true, \"temperature\": 0.7, \"top_p\": 0.8, \"top_k\": 20,"
                        + " \"repetition_penalty\": 1.05, \"eos_token_id\": [4, 5]}");
        assertEquals(
                new GenerationDefaults(0.7f, 20, 0.8f, 0, 1.05f, List.of(4, 5)),
                GenerationDefaults.read(model, config.eosTokenIds()));
        Files.writeString(file, "{\"do_sample\": false, \"temperature\": 0.7}");
        assertEquals(0, GenerationDefaults.read(model, config.eosTokenIds()).temperature());
    }

    @Test
    void aPlanThatDoesNotFitIsRefusedWithNumbers() throws InterruptedException {
        ProcessResources before = ProcessResources.now(model);
        InputException e =
                assertThrows(
                        InputException.class,
                        () -> Engine.open(config().withKvTokensMax(2_000_000_000)));
        assertTrue(e.getMessage().matches("not enough memory: .*GiB.*available.*"), e.getMessage());
        before.assertNothingMoreNow(model);
    }
}
