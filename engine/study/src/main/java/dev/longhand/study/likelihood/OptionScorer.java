package dev.longhand.study.likelihood;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.Engine;
import dev.longhand.engine.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.Score;
import dev.longhand.study.text.PythonText;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Compares the options of problems by their log-likelihood. Any thread may use it. */
final class OptionScorer {
    private final Engine engine;
    private final Tokenizer tokenizer;
    private final @Nullable String adapter;

    OptionScorer(Engine engine, @Nullable String adapter) {
        this.engine = engine;
        this.adapter = adapter;
        tokenizer =
                engine.tokenizer()
                        .orElseThrow(() -> new InputException("the model has no tokenizer"));
    }

    /** The token ids of a context with an option, of which those from an index on are scored. */
    private record Scored(List<Integer> ids, int from) {}

    /**
     * Scores a problem: the chosen option is the likeliest; {@code acc_norm} and {@code acc_bytes}
     * tell whether the right one is the likeliest per character or byte.
     */
    Score score(BenchmarkProblem problem, OptionPrompt prompt) throws InterruptedException {
        List<String> options = prompt.options();
        double[] sums = logLikelihoods(prompt);
        int chosen = likeliest(sums, i -> 1);
        int perCharacter =
                likeliest(sums, i -> options.get(i).codePointCount(0, options.get(i).length()));
        int perByte = likeliest(sums, i -> options.get(i).getBytes(StandardCharsets.UTF_8).length);
        ObjectNode others = JsonLine.newObject();
        ArrayNode list = others.putArray("log_likelihoods");
        Arrays.stream(sums).forEach(list::add);
        others.put("acc_norm", perCharacter == prompt.right());
        others.put("acc_bytes", perByte == prompt.right());
        return new Score(
                problem.problem().id(),
                0,
                letter(chosen),
                letter(chosen),
                letter(prompt.right()),
                chosen == prompt.right(),
                "log-likelihood",
                false,
                others);
    }

    private static String letter(int option) {
        return String.valueOf((char) ('A' + option));
    }

    private static int likeliest(double[] sums, IntToDoubleFunction length) {
        int best = 0;
        for (int i = 1; i < sums.length; i++) {
            if (sums[i] / length.applyAsDouble(i) > sums[best] / length.applyAsDouble(best)) {
                best = i;
            }
        }
        return best;
    }

    /** The first option brings the context into the cache, from which the others take it. */
    double[] logLikelihoods(OptionPrompt prompt) throws InterruptedException {
        double[] sums = new double[prompt.options().size()];
        List<Scored> pairs = prompt.options().stream().map(each -> pair(prompt, each)).toList();
        sums[0] = sum(engine.submit(request(pairs.getFirst())));
        List<Generation> running = new ArrayList<>();
        try {
            for (Scored each : pairs.subList(1, pairs.size())) {
                running.add(engine.submit(request(each)));
            }
            for (int i = 0; i < running.size(); i++) {
                sums[i + 1] = sum(running.get(i));
            }
        } finally {
            running.forEach(Generation::close);
        }
        return sums;
    }

    /**
     * Divides tokens as lm-eval does: white space at the end of the context belongs to the option,
     * and its tokens are those of the whole text after as many as the context alone has. Of a text
     * longer than the model's context, the beginning is left out.
     */
    private Scored pair(OptionPrompt prompt, String option) {
        int context = tokenizer.encode(PythonText.stripEnd(prompt.context())).length;
        int[] ids = tokenizer.encode(prompt.context() + prompt.delimiter() + option);
        int over = Math.max(0, ids.length - engine.contextTokensMax());
        return new Scored(
                Arrays.stream(ids, over, ids.length).boxed().toList(),
                Math.min(Math.max(1, context - over), ids.length - over));
    }

    private GenerationRequest request(Scored pair) {
        return GenerationRequest.ids(pair.ids)
                .withAdapter(adapter)
                .withPromptLogprobs(0)
                .withPromptLogprobsFrom(pair.from)
                .withMaxTokens(0);
    }

    private static double sum(Generation generation) throws InterruptedException {
        try (generation) {
            generation.await();
            double sum = 0;
            for (List<TokenLogprob> own : generation.promptLogprobs()) {
                sum += own.isEmpty() ? 0 : own.getFirst().logprob();
            }
            return sum;
        }
    }
}
