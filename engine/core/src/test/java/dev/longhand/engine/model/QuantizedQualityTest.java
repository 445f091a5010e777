package dev.longhand.engine.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cost of quantised weights and values on the demo model. The model samples answers at
 * temperature 1 to problems held out from its training. The test compares log-probabilities and
 * perplexity of the answer tokens, as stored and quantised.
 */
class QuantizedQualityTest {
    private static final Path DEMO = Goldens.DEMO;
    private static final int TEXTS = 210;
    private static final int TOKENS_MAX = 400;

    /** A question and the answer after it. */
    private record Text(List<Integer> ids, int promptLength) {}

    @Test
    void logProbabilitiesStayClose() throws Exception {
        TestDevices.require(Device.CPU);
        List<Text> texts = texts();
        double[] stored = logProbabilities(texts, null, null);
        double[] int8 = logProbabilities(texts, DType.INT8, null);
        double[] int4 = logProbabilities(texts, DType.INT4, null);
        String figures =
                "%d tokens, perplexity %.4f as stored; mean |change| of log-probabilities and rise of"
                                .formatted(stored.length, perplexity(stored))
                        + " perplexity: INT8 %.5f, %+.3f %%; INT4 %.5f, %+.3f %%"
                                .formatted(
                                        meanChange(stored, int8),
                                        rise(stored, int8),
                                        meanChange(stored, int4),
                                        rise(stored, int4));
        System.out.println("golden quantised: " + figures);
        assertTrue(stored.length > 1000, figures);
        assertTrue(meanChange(stored, int8) > 0, figures);
        assertTrue(meanChange(stored, int8) <= 0.01, figures);
        assertTrue(Math.abs(rise(stored, int8)) <= 0.5, figures);
        assertTrue(rise(stored, int4) <= 3, figures);
    }

    /** Compares bf16 keys and values, and bf16 keys with 8-bit values, with an exact cache. */
    @Test
    void roundedKeysAndValuesStayClose() throws Exception {
        TestDevices.require(Device.CPU);
        List<Text> texts = texts();
        double[] exact = logProbabilities(texts, null, DType.F32);
        double[] bf16 = logProbabilities(texts, null, DType.BF16);
        double[] int8 = logProbabilities(texts, null, DType.INT8);
        String figures =
                "%d tokens, perplexity %.4f with f32 KV; mean |change| of log-probabilities and rise"
                                .formatted(exact.length, perplexity(exact))
                        + " of perplexity: BF16 %.5f, %+.3f %%; INT8 %.5f, %+.3f %%"
                                .formatted(
                                        meanChange(exact, bf16),
                                        rise(exact, bf16),
                                        meanChange(exact, int8),
                                        rise(exact, int8));
        System.out.println("golden quantised KV: " + figures);
        assertTrue(exact.length > 1000, figures);
        assertTrue(meanChange(exact, int8) > meanChange(exact, bf16), figures);
        assertTrue(meanChange(exact, int8) <= 0.01, figures);
        assertTrue(Math.abs(rise(exact, int8)) <= 0.5, figures);
    }

    private static double meanChange(double[] from, double[] to) {
        double sum = 0;
        for (int i = 0; i < from.length; i++) {
            sum += Math.abs(to[i] - from[i]);
        }
        return sum / from.length;
    }

    private static double perplexity(double[] logProbabilities) {
        double sum = 0;
        for (double each : logProbabilities) {
            sum += each;
        }
        return Math.exp(-sum / logProbabilities.length);
    }

    /** Returns the rise in perplexity, in percent. */
    private static double rise(double[] from, double[] to) {
        return 100 * (perplexity(to) / perplexity(from) - 1);
    }

    private static List<Text> texts() throws IOException, InterruptedException {
        EngineConfig config =
                EngineConfig.of(DEMO.resolve("checkpoint"))
                        .withDevice(Device.CPU)
                        .withThreads(2)
                        .withContextTokensMax(512)
                        .withSequencesMax(8)
                        .withKvTokensMax(8 * 512);
        List<Text> texts = new ArrayList<>();
        try (Engine engine = Engine.open(config);
                Stream<String> problems = Files.lines(DEMO.resolve("problems.jsonl"))) {
            JsonMapper json = new JsonMapper();
            List<Generation> answers =
                    problems.limit(TEXTS)
                            .map(line -> json.readTree(line).required("question").asString())
                            .map(question -> engine.submit(drawn(question)))
                            .toList();
            for (Generation answer : answers) {
                texts.add(text(answer));
            }
        }
        return texts;
    }

    private static GenerationRequest drawn(String question) {
        SamplingOptions sampling =
                SamplingOptions.DEFAULT
                        .withTemperature(1f)
                        .withTopK(0)
                        .withTopP(1f)
                        .withMinP(0f)
                        .withRepetitionPenalty(1f)
                        .withSeed(7L);
        return GenerationRequest.chat(question).withMaxTokens(TOKENS_MAX).withSampling(sampling);
    }

    private static Text text(Generation answer) throws InterruptedException {
        List<Integer> ids = new ArrayList<>(answer.promptIds());
        int promptLength = ids.size();
        ids.addAll(answer.await().ids());
        return new Text(ids, promptLength);
    }

    /** Returns the log-probability of every answer token. */
    private static double[] logProbabilities(
            List<Text> texts, @Nullable DType weights, @Nullable DType kv) {
        int longest = texts.stream().mapToInt(text -> text.ids.size()).max().orElseThrow();
        List<Double> found = new ArrayList<>();
        Path model = DEMO.resolve("checkpoint");
        try (StepRunner runner =
                new StepRunner(model, Device.CPU, weights, kv, 2, longest, longest)) {
            runner.takePages(KvShape.pagesFor(longest));
            for (Text text : texts) {
                int[] ids = text.ids.stream().mapToInt(Integer::intValue).toArray();
                runner.stepAll(ids);
                for (int i = text.promptLength; i < ids.length; i++) {
                    found.add(logProbability(runner.logits(i - 1), ids[i]));
                }
            }
        }
        return found.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double logProbability(float[] logits, int token) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return logits[token] - max - Math.log(sum);
    }
}
