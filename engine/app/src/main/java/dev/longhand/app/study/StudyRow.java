package dev.longhand.app.study;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.HubCache;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A row of the study's tables: a model, trained on data or not, that answers the benchmarks.
 *
 * @param name the row's name in the tables, such as digits-50
 * @param model the folder of the model before the row's training; a name on the Hub is resolved
 * @param data the file of training samples; null for a model that is not trained further
 * @param perturb the options of {@code perturb} that damage the data first; empty for none
 * @param train the options of {@code train}
 * @param evaluated whether its model, of the first seed, takes the study's evaluations
 * @param as the row whose answers these are, under another name; null for a row of its own
 * @param seeds the seeds of training; each seed is trained, and their answers are scored together
 * @param trainTokens the tokens that a seed is expected to learn, over all epochs
 * @param generateTokens the tokens that its model is expected to generate
 */
record StudyRow(
        String name,
        String model,
        @Nullable String data,
        List<String> perturb,
        List<String> train,
        boolean evaluated,
        @Nullable String as,
        List<Long> seeds,
        long trainTokens,
        long generateTokens) {
    private static final Set<String> KEYS =
            Set.of(
                    "row",
                    "model",
                    "data",
                    "perturb",
                    "train",
                    "evaluated",
                    "as",
                    "seeds",
                    "expect");
    private static final Set<String> EXPECT_KEYS = Set.of("train_tokens", "generate_tokens");

    StudyRow {
        perturb = List.copyOf(perturb);
        train = List.copyOf(train);
        seeds = List.copyOf(seeds);
    }

    /**
     * Reads the object.
     *
     * @param study the study's own keys are the defaults of model, train and seeds
     * @param expected its tokens are the defaults of those of a row
     * @throws InputException if a key is unknown, missing or of another kind
     */
    static StudyRow of(JsonLine row, JsonLine study, Expectation expected) {
        StudyConfig.refuseUnknown(row, KEYS);
        String model = row.string("model", study.string("model", ""));
        if (model.isEmpty()) {
            throw row.refuse("model", "is missing");
        }
        if (row.value("data") == null && row.value("perturb") != null) {
            throw row.refuse("perturb", "needs data");
        }
        JsonLine own = new JsonLine(row.source() + ": expect", row.object("expect"));
        StudyConfig.refuseUnknown(own, EXPECT_KEYS);
        boolean trainsItsWay = row.value("train") != null;
        List<Long> seeds = seeds(row.value("seeds") == null ? study : row);
        return new StudyRow(
                row.requiredString("row"),
                HubCache.ofEnvironment().resolve(Path.of(""), model).toString(),
                row.string("data"),
                row.strings("perturb"),
                (trainsItsWay ? row : study).strings("train"),
                row.bool("evaluated", false),
                row.string("as"),
                seeds.isEmpty() ? List.of(0L) : seeds,
                orElse(own.whole("train_tokens"), expected.trainTokens()),
                orElse(own.whole("generate_tokens"), expected.generateTokens()));
    }

    private static long orElse(@Nullable Long own, long common) {
        return own == null ? common : own;
    }

    private static List<Long> seeds(JsonLine line) {
        List<Long> seeds = new ArrayList<>();
        for (JsonNode each : line.list("seeds")) {
            if (!each.isIntegralNumber() || !each.canConvertToLong()) {
                throw line.refuse("seeds", "must be a list of whole numbers");
            }
            seeds.add(each.longValue());
        }
        return seeds;
    }

    /** The name as a part of names of stages. */
    String id() {
        return id(name);
    }

    /** The name of the stage that scores the answers. */
    String scoring() {
        return "score-" + source();
    }

    /** The row that makes the answers, this or another, as a part of names of stages. */
    String source() {
        return id(as == null ? name : as);
    }

    /** The name of a row as a part of names of stages. */
    static String id(String name) {
        return name.replaceAll("[^a-zA-Z0-9._-]", "-");
    }

    /** Whether training changes all weights, so that the result is a model and no adapter. */
    boolean full() {
        int method = train.indexOf("--method");
        return method >= 0 && method + 1 < train.size() && train.get(method + 1).equals("full");
    }
}
