package dev.longhand.study.benchmark;

import java.util.Locale;

/** The languages of MGSM, with the prompts of lm-eval's tasks {@code mgsm_direct_*}. */
public enum MgsmLanguage {
    /** Bengali. */
    BN("\u09aa\u09cd\u09b0\u09b6\u09cd\u09a8:", "Answer:"),
    /** German. */
    DE("Frage:", "Antwort:"),
    /** English. */
    EN("Question:", "Answer:"),
    /** Spanish. */
    ES("Pregunta:", "Respuesta:"),
    /** French. */
    FR("Question :", "R\u00e9ponse :"),
    /** Japanese. */
    JA("\u554f\u984c\uff1a", "Answer:"),
    /** Russian. */
    RU("\u0417\u0430\u0434\u0430\u0447\u0430:", "Answer:"),
    /** Swahili. */
    SW("Swali:", "Answer:"),
    /** Telugu. */
    TE("\u0c2a\u0c4d\u0c30\u0c36\u0c4d\u0c28:", "Answer:"),
    /** Thai. */
    TH("\u0e42\u0e08\u0e17\u0e22\u0e4c:", "Answer:"),
    /** Chinese. */
    ZH("\u95ee\u9898\uff1a", "Answer:");

    private final String questionMark;
    private final String answerMark;

    MgsmLanguage(String questionMark, String answerMark) {
        this.questionMark = questionMark;
        this.answerMark = answerMark;
    }

    /** The name in files, for example {@code de}. */
    String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The string that begins a question; lm-eval stops an answer there. */
    public String stop() {
        return questionMark;
    }

    /**
     * The prompt of a question.
     *
     * @param marked whether the question begins with its mark, as examples with answers do
     */
    String prompt(String question, boolean marked) {
        return (marked ? "" : questionMark + " ") + question + "\n" + answerMark;
    }
}
