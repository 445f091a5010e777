package dev.longhand.bench.quality;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelOptions;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prints the effect of quantised weights on a model's predictions, over a text that the model
 * itself samples at temperature 1 with its weights as stored.
 */
@Command(
        name = "quality",
        mixinStandardHelpOptions = true,
        description = {
            "Compares a model's logits with int8 and int4 weights to those as stored (--weights is",
            "ignored). The random weights of generated models spread more than trained ones."
        })
public final class QualityReport implements Runnable {
    private static final long SEED = 1;
    private static final List<Integer> PROMPT = List.of(11, 222, 3_333, 44_444);

    @Mixin private ModelOptions model = new ModelOptions();

    @Option(names = "--tokens", defaultValue = "128", description = "Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Override
    public void run() {
        if (tokens < 2) {
            throw new InputException("at least two tokens are needed, not " + tokens);
        }
        model.announce(tokens * 1.5);
        ModelChoice choice = model.choice().withWeights(DType.BF16);
        int[] text = sample(choice);
        float[][] stored = logits(choice, text);
        System.out.printf(
                "%s, %d tokens that it sampled, perplexity %.4g as stored%n%n",
                choice.name(), tokens, perplexity(stored, text));
        System.out.println(
                "| weights | rms logit error / deviation | mean abs change of log-prob | mean KL,"
                        + " nats | same top token | perplexity |");
        System.out.println("| --- | --- | --- | --- | --- | --- |");
        for (DType weights : List.of(DType.INT8, DType.INT4)) {
            float[][] found = logits(choice.withWeights(weights), text);
            System.out.println(row(weights, stored, found, text));
        }
    }

    private int[] sample(ModelChoice choice) {
        EngineConfig config =
                choice.engine().withDevice(Device.CPU).withContextTokensMax(PROMPT.size() + tokens);
        SamplingOptions sampling =
                SamplingOptions.DEFAULT
                        .withTemperature(1f)
                        .withTopK(0)
                        .withTopP(1f)
                        .withMinP(0f)
                        .withSeed(SEED);
        List<Integer> ids = new ArrayList<>(PROMPT);
        try (Engine engine = Engine.open(config)) {
            Generation answer =
                    engine.submit(
                            GenerationRequest.ids(PROMPT)
                                    .withMaxTokens(tokens)
                                    .withSampling(sampling)
                                    .ignoringEos());
            while (answer.next() instanceof GenerationEvent.TokenEmitted token) {
                ids.add(token.id());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /**
     * Returns the logits after each token, from the last of the prompt to the last but one of the
     * text.
     */
    private static float[][] logits(ModelChoice choice, int[] text) {
        try (TextLogits logits = new TextLogits(choice, text.length)) {
            return logits.after(text, PROMPT.size() - 1);
        }
    }

    private static double perplexity(float[][] logits, int[] text) {
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            sum += logProbability(logits[i], text[PROMPT.size() + i]);
        }
        return Math.exp(-sum / logits.length);
    }

    private static double logProbability(float[] logits, int token) {
        return logits[token] - logSum(logits);
    }

    private static double logSum(float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    private static String row(DType weights, float[][] stored, float[][] found, int[] text) {
        double error = 0;
        double change = 0;
        double divergence = 0;
        int same = 0;
        for (int i = 0; i < stored.length; i++) {
            int token = text[PROMPT.size() + i];
            error += relativeError(stored[i], found[i]);
            change += Math.abs(logProbability(found[i], token) - logProbability(stored[i], token));
            divergence += divergence(stored[i], found[i]);
            same += top(stored[i]) == top(found[i]) ? 1 : 0;
        }
        int count = stored.length;
        double rise = 100 * (perplexity(found, text) / perplexity(stored, text) - 1);
        return String.format(
                Locale.ROOT,
                "| %s | %.4f | %.4f | %.5f | %.1f %% | %+.2f %% |",
                weights.name().toLowerCase(Locale.ROOT),
                error / count,
                change / count,
                divergence / count,
                100.0 * same / count,
                rise);
    }

    /** Returns the standard deviation of the change, divided by that of the logits. */
    private static double relativeError(float[] stored, float[] found) {
        float[] changes = new float[stored.length];
        for (int i = 0; i < stored.length; i++) {
            changes[i] = found[i] - stored[i];
        }
        return deviation(changes) / deviation(stored);
    }

    private static double deviation(float[] values) {
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        double mean = sum / values.length;
        return Math.sqrt(squares / values.length - mean * mean);
    }

    /** Returns the Kullback-Leibler divergence of the found distribution from the stored one. */
    private static double divergence(float[] stored, float[] found) {
        double storedSum = logSum(stored);
        double foundSum = logSum(found);
        double sum = 0;
        for (int i = 0; i < stored.length; i++) {
            double log = stored[i] - storedSum;
            sum += Math.exp(log) * (log - (found[i] - foundSum));
        }
        return sum;
    }

    private static int top(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }
}
