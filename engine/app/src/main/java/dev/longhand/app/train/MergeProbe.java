package dev.longhand.app.train;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.GenerationResult;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.training.data.Demonstration;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Compares a new adapter with the weights into which it is merged, on one greedy answer. */
final class MergeProbe {
    private static final String NAME = "probed";
    private static final int PROMPT_TOKENS_MAX = 256;
    private static final int ANSWER_TOKENS = 16;

    private MergeProbe() {}

    /**
     * Answers the beginning of a demonstration by the adapter and by the merged weights.
     *
     * @param base an engine of the base
     * @param adapter PEFT folder
     * @return the largest difference of log-probabilities, in words
     */
    static String line(EngineConfig base, Path adapter, Demonstration demonstration)
            throws InterruptedException {
        int prompt = Math.clamp(demonstration.learned()[0], 1, PROMPT_TOKENS_MAX);
        List<Integer> ids = Arrays.stream(demonstration.ids(), 0, prompt).boxed().toList();
        GenerationRequest request =
                GenerationRequest.ids(ids)
                        .withAdapter(NAME)
                        .withMaxTokens(ANSWER_TOKENS)
                        .ignoringEos()
                        .withSampling(SamplingOptions.greedy().withLogprobs(1));
        EngineConfig config =
                base.withContextTokensMax(prompt + ANSWER_TOKENS)
                        .withSequencesMax(1)
                        .withAdapter(NAME, adapter);
        try (Engine engine = Engine.open(config)) {
            GenerationResult separate = engine.submit(request).await();
            engine.adapters().merge(NAME);
            return difference(separate, engine.submit(request).await());
        } catch (InputException e) {
            return "not probed: " + e.getMessage();
        }
    }

    private static String difference(GenerationResult separate, GenerationResult merged) {
        int same = 0;
        double most = 0;
        while (same < Math.min(separate.ids().size(), merged.ids().size())
                && separate.ids().get(same).equals(merged.ids().get(same))) {
            most = Math.max(most, Math.abs(logprob(separate, same) - logprob(merged, same)));
            same++;
        }
        return String.format(
                Locale.ROOT,
                "log-probabilities as the adapter's within %.1e, %d of %d greedy tokens the same",
                most,
                same,
                separate.ids().size());
    }

    private static double logprob(GenerationResult result, int token) {
        return result.logprobs().get(token).getFirst().logprob();
    }
}
