package dev.longhand.study.format;

import dev.longhand.batch.JsonLine;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Objects;

/**
 * How a training sample was perturbed: the object {@code meta.perturb} of a {@link SftSample}.
 *
 * @param op the operator: digits, keywords, wrong, delete, insert or shuffle
 * @param ratio the share of units to touch, from 0 to 1
 * @param seed the seed of the random numbers
 * @param units the number of units of the sample: numbers, keywords or steps
 * @param touched the number of units that were chosen
 * @param changed the number of units that differ afterwards
 * @param sourceIds the ids of the samples that gave text
 * @param others the fields outside the format
 */
public record Perturbation(
        String op,
        double ratio,
        long seed,
        int units,
        int touched,
        int changed,
        List<String> sourceIds,
        ObjectNode others) {
    /** The key in the meta object of a sample. */
    static final String KEY = "perturb";

    private static final List<String> FIELDS =
            List.of("op", "ratio", "seed", "n_units", "n_touched", "n_changed", "source_ids");

    public Perturbation {
        sourceIds = List.copyOf(sourceIds);
    }

    /** Reads the object; {@code meta} names it in errors. */
    static Perturbation of(JsonLine perturb) {
        Double ratio = perturb.number("ratio");
        if (ratio == null || !(ratio >= 0 && ratio <= 1)) {
            throw perturb.refuse("ratio", "must be from 0 to 1");
        }
        return new Perturbation(
                perturb.requiredString("op"),
                ratio,
                Objects.requireNonNullElse(perturb.whole("seed"), 0L),
                perturb.count("n_units", 0),
                perturb.count("n_touched", 0),
                perturb.count("n_changed", 0),
                perturb.strings("source_ids"),
                perturb.others(FIELDS));
    }

    /** Returns the object. */
    ObjectNode json() {
        ObjectNode json = JsonLine.newObject();
        json.put("op", op);
        json.put("ratio", ratio);
        json.put("seed", seed);
        json.put("n_units", units);
        json.put("n_touched", touched);
        json.put("n_changed", changed);
        ArrayNode ids = json.putArray("source_ids");
        sourceIds.forEach(ids::add);
        json.setAll(others);
        return json;
    }
}
