package dev.longhand.study.perturb;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.keywords.KeywordList;
import dev.longhand.study.segment.Segmentation;

import tools.jackson.databind.node.ObjectNode;

/**
 * What a perturbation does.
 *
 * @param operator the operator
 * @param ratio the share of units to touch, from 0 to 1
 * @param seed the seed of the random numbers
 * @param thoughtOnly whether numbers and keywords outside the thought stay
 * @param keywordMode how keywords are removed
 * @param keywords the keywords
 * @param segmentation what a step is
 * @param keepsOriginal whether an inserted step stands before the chosen one, instead of replacing
 *     it
 */
public record PerturbSettings(
        Operator operator,
        double ratio,
        long seed,
        boolean thoughtOnly,
        KeywordMode keywordMode,
        KeywordList keywords,
        Segmentation segmentation,
        boolean keepsOriginal) {
    public PerturbSettings {
        if (!(ratio >= 0 && ratio <= 1)) {
            throw new InputException("ratio must be from 0 to 1, not " + ratio);
        }
    }

    /** Settings with the study's defaults; keywords go by word, steps begin with reflections. */
    public static PerturbSettings of(Operator operator, double ratio, long seed) {
        return new PerturbSettings(
                operator,
                ratio,
                seed,
                false,
                KeywordMode.WORD,
                KeywordList.REFLECTION,
                Segmentation.REFLECTION,
                false);
    }

    /** Returns settings that leave text outside thoughts alone. */
    public PerturbSettings withThoughtOnly(boolean only) {
        return new PerturbSettings(
                operator, ratio, seed, only, keywordMode, keywords, segmentation, keepsOriginal);
    }

    /** Returns settings with another way to remove other keywords. */
    public PerturbSettings withKeywords(KeywordMode mode, KeywordList list) {
        return new PerturbSettings(
                operator, ratio, seed, thoughtOnly, mode, list, segmentation, keepsOriginal);
    }

    /** Returns settings with another division into steps. */
    public PerturbSettings withSegmentation(Segmentation division) {
        return new PerturbSettings(
                operator, ratio, seed, thoughtOnly, keywordMode, keywords, division, keepsOriginal);
    }

    /** Returns settings whose inserted steps replace the chosen ones or stand before them. */
    public PerturbSettings withKeepsOriginal(boolean keeps) {
        return new PerturbSettings(
                operator, ratio, seed, thoughtOnly, keywordMode, keywords, segmentation, keeps);
    }

    SeededStream stream(String id) {
        return new SeededStream(seed, operator.jsonName(), id);
    }

    /** Whether a model rewrites the sample with this id. */
    public boolean rewrites(String id) {
        return operator == Operator.KEYWORDS
                && keywordMode == KeywordMode.MODEL
                && stream(id).uniform() < ratio;
    }

    /** Adds the settings to a JSON object. */
    void describe(ObjectNode json) {
        json.put("op", operator.jsonName());
        json.put("ratio", ratio);
        json.put("seed", seed);
        describeMode(json);
    }

    /** Adds the settings that only some operators have. */
    void describeMode(ObjectNode json) {
        switch (operator) {
            case DIGITS -> json.put("scope", thoughtOnly ? "thought" : "message");
            case KEYWORDS -> {
                json.put("mode", keywordMode.jsonName());
                if (keywordMode == KeywordMode.WORD) {
                    json.put("scope", thoughtOnly ? "thought" : "message");
                    json.put("keywords_sha", keywords.hash());
                }
            }
            case WRONG -> {}
            case DELETE, SHUFFLE -> json.put("segmentation", segmentation.name());
            case INSERT -> {
                json.put("segmentation", segmentation.name());
                json.put("mode", keepsOriginal ? "add" : "replace");
            }
        }
    }
}
