package dev.longhand.study.perturb;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.perturb.Outcome.Fate;

import tools.jackson.databind.node.ObjectNode;

import java.util.EnumMap;
import java.util.Map;

/** The counts of a perturbation of a file. One thread adds to it. */
public final class PerturbReport {
    /** The study cuts training samples to this many tokens. */
    private static final int TOKENS_MAX = 16_384;

    private final PerturbSettings settings;
    private final Map<Fate, Integer> fates = new EnumMap<>(Fate.class);
    private final ObjectNode more = JsonLine.newObject();
    private int in;
    private int out;
    private long units;
    private long touched;
    private long changed;
    private long charactersBefore;
    private long charactersAfter;
    private long charactersRemoved;
    private boolean tokensCounted;
    private long tokensBefore;
    private long tokensAfter;
    private int tooLong;

    PerturbReport(PerturbSettings settings) {
        this.settings = settings;
    }

    void countIn() {
        in++;
    }

    void countOut() {
        out++;
    }

    void add(String before, Outcome outcome) {
        Perturbed result = outcome.result();
        fates.merge(outcome.fate(), 1, Integer::sum);
        units += result.units();
        touched += result.touched();
        changed += result.changed();
        charactersBefore += before.length();
        charactersAfter += result.text().length();
        charactersRemoved += result.removedCharacters();
    }

    void addTokens(int before, int after) {
        tokensCounted = true;
        tokensBefore += before;
        tokensAfter += after;
        tooLong += after > TOKENS_MAX ? 1 : 0;
    }

    /** Notes a figure that only one operator has. */
    void note(String key, int value) {
        more.put(key, value);
    }

    /** The number of samples that a fate met. */
    public int count(Fate fate) {
        return fates.getOrDefault(fate, 0);
    }

    /** The number of units that were touched. */
    public long touched() {
        return touched;
    }

    /** The report as a JSON object. */
    public ObjectNode json() {
        ObjectNode json = JsonLine.newObject();
        settings.describe(json);
        json.put("samples_in", in);
        json.put("samples_out", out);
        json.put("untagged", count(Fate.UNTAGGED));
        json.put("undivided", count(Fate.UNDIVIDED));
        json.put("refused_rewritings", count(Fate.REFUSED));
        json.put("n_units", units);
        json.put("n_touched", touched);
        json.put("n_changed", changed);
        if (settings.operator().usesSteps() && count(Fate.APPLIED) > 0) {
            json.put("mean_steps", (double) units / count(Fate.APPLIED));
        }
        json.put("characters_before", charactersBefore);
        json.put("characters_after", charactersAfter);
        json.put(
                "share_of_characters_removed",
                charactersBefore == 0 ? 0 : (double) charactersRemoved / charactersBefore);
        if (tokensCounted) {
            json.put("tokens_before", tokensBefore);
            json.put("tokens_after", tokensAfter);
            json.put("samples_over_%d_tokens".formatted(TOKENS_MAX), tooLong);
        }
        json.setAll(more);
        return json;
    }
}
