package dev.longhand.study.curate;

import dev.longhand.study.segment.TaggedAnswer;

import org.jspecify.annotations.Nullable;

/**
 * What training data shall be like.
 *
 * @param teacher the name of the model that generated
 * @param system the system message of each sample; null writes none
 * @param tokensMin the least number of tokens of an answer
 * @param tokensMax the largest number of tokens of an answer
 * @param latinMin the least share of Latin letters among the letters, from 0 to 1
 * @param samplesPerProblem the number of samples that a problem may give
 * @param splitsUntagged whether the last paragraph of a text without tags is its solution
 * @param keepsWrong whether answers are kept that are wrong, in place of right ones
 */
public record CurateSettings(
        String teacher,
        @Nullable String system,
        int tokensMin,
        int tokensMax,
        double latinMin,
        int samplesPerProblem,
        boolean splitsUntagged,
        boolean keepsWrong) {
    /** Settings without limits. */
    public static CurateSettings of(String teacher) {
        return new CurateSettings(
                teacher, null, 0, Integer.MAX_VALUE, 0, Integer.MAX_VALUE, false, false);
    }

    /** Returns settings with limits on the number of tokens, both included. */
    public CurateSettings withTokens(int min, int max) {
        return new CurateSettings(
                teacher, system, min, max, latinMin, samplesPerProblem, splitsUntagged, keepsWrong);
    }

    /** Returns settings with a least share of Latin letters. */
    public CurateSettings withLatinMin(double share) {
        return new CurateSettings(
                teacher,
                system,
                tokensMin,
                tokensMax,
                share,
                samplesPerProblem,
                splitsUntagged,
                keepsWrong);
    }

    /** Returns settings with a system message, and a number of samples for each problem. */
    public CurateSettings withSamples(@Nullable String message, int perProblem) {
        return new CurateSettings(
                teacher,
                message,
                tokensMin,
                tokensMax,
                latinMin,
                perProblem,
                splitsUntagged,
                keepsWrong);
    }

    /** Returns settings that take the last paragraph of a text without tags as its solution. */
    public CurateSettings withSplitsUntagged(boolean splits) {
        return new CurateSettings(
                teacher,
                system,
                tokensMin,
                tokensMax,
                latinMin,
                samplesPerProblem,
                splits,
                keepsWrong);
    }

    /** Returns settings that keep wrong answers in place of right ones. */
    public CurateSettings withKeepsWrong(boolean keeps) {
        return new CurateSettings(
                teacher,
                system,
                tokensMin,
                tokensMax,
                latinMin,
                samplesPerProblem,
                splitsUntagged,
                keeps);
    }

    boolean admitsLength(int tokens) {
        return tokens >= tokensMin && tokens <= tokensMax;
    }

    /** Whether enough letters outside tags are Latin; an answer without letters is admitted. */
    boolean admitsLanguage(String answer) {
        if (latinMin <= 0) {
            return true;
        }
        String text = answer;
        for (String tag : TaggedAnswer.TAGS) {
            text = text.replace(tag, "");
        }
        long letters = text.codePoints().filter(Character::isLetter).count();
        long latin =
                text.codePoints()
                        .filter(Character::isLetter)
                        .filter(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.LATIN)
                        .count();
        return latin >= latinMin * letters;
    }
}
