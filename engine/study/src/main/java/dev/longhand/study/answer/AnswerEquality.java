package dev.longhand.study.answer;

import dev.longhand.study.answer.Verdict.Rule;

/** Compares the normal forms of an answer and of its reference. */
public final class AnswerEquality {
    private AnswerEquality() {}

    /**
     * Compares two normal forms.
     *
     * @param percent whether one of them, and not the other, was written with a percent sign
     */
    public static Verdict compare(
            String prediction, String reference, boolean percent, AnswerMode mode) {
        if (mode.hendrycks()) {
            return Verdict.of(prediction.equals(reference), Rule.TEXT);
        }
        if (prediction.length() > NormalForm.CHARACTERS_MAX
                || reference.length() > NormalForm.CHARACTERS_MAX) {
            return new Verdict(prediction.equals(reference), Rule.TEXT, true);
        }
        return mode.compatible()
                ? CompatibleEquality.compare(prediction, reference)
                : StrictEquality.compare(prediction, reference, percent);
    }

    /** Compares two answers as they stand in texts. */
    public static Verdict compareAnswers(String prediction, String reference, AnswerMode mode) {
        return compare(
                NormalForm.of(prediction, mode),
                NormalForm.of(reference, mode),
                prediction.contains("%") != reference.contains("%"),
                mode);
    }
}
