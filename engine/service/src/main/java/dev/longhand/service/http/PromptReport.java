package dev.longhand.service.http;

import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.service.ServedGeneration;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The prompt of one choice as a response reports it. */
final class PromptReport {
    private final ServedGeneration generation;
    private final TokenNames names;

    /** The field {@code prompt_logprobs} of vLLM; the rank is absent for unlikely tokens. */
    record PromptLogprob(float logprob, @Nullable Integer rank, String decodedToken) {}

    PromptReport(ServedGeneration generation, TokenNames names) {
        this.generation = generation;
        this.names = names;
    }

    /** Returns the text of all prompt tokens, control tokens included. */
    String text() {
        return names.text(generation.promptIds());
    }

    /**
     * Returns the tokens of the prompt. The first has no log-probability.
     *
     * @param topMax number of likeliest tokens to report at each position
     */
    List<ScoredToken> tokens(int topMax) {
        TokenAligner aligner = new TokenAligner();
        List<Integer> ids = generation.promptIds();
        List<List<TokenLogprob>> logprobs = generation.promptLogprobs();
        for (int i = 0; i < ids.size(); i++) {
            int id = ids.get(i);
            Float own = null;
            List<ScoredToken> top = new ArrayList<>();
            for (TokenLogprob each : logprobs.get(i)) {
                if (top.size() < topMax) {
                    top.add(names.scored(each.id(), each.logprob()));
                }
                own = each.id() == id ? (Float) each.logprob() : own;
            }
            aligner.add(new ScoredToken(id, names.text(id), names.bytes(id), own, 0, top));
        }
        String text = text();
        return aligner.finish(text.length(), text.codePointCount(0, text.length()));
    }

    /** Returns the likeliest tokens at each position by id; null for the first position. */
    List<@Nullable Map<String, PromptLogprob>> logprobs(int topMax) {
        List<Integer> ids = generation.promptIds();
        List<@Nullable Map<String, PromptLogprob>> all = new ArrayList<>();
        all.add(null);
        List<List<TokenLogprob>> scored = generation.promptLogprobs();
        for (int i = 1; i < scored.size(); i++) {
            Map<String, PromptLogprob> position = new LinkedHashMap<>();
            int rank = 1;
            for (TokenLogprob each : scored.get(i)) {
                if (rank <= topMax || each.id() == ids.get(i)) {
                    Integer place = rank <= topMax ? (Integer) rank : null;
                    String text = names.text(each.id());
                    position.put(
                            Integer.toString(each.id()),
                            new PromptLogprob(each.logprob(), place, text));
                }
                rank++;
            }
            all.add(position);
        }
        return all;
    }
}
