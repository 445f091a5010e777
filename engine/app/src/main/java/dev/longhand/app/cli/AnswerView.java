package dev.longhand.app.cli;

import dev.longhand.engine.generation.TextSegment;

/** Shows answers while they are generated: thoughts dimmed, or folded into one line. */
final class AnswerView {
    private final ChatUser user;
    private final StringBuilder thought = new StringBuilder();
    private boolean folded;
    private int answers;

    /** A view that shows thoughts. */
    AnswerView(ChatUser user) {
        this.user = user;
    }

    /** Returns how many answers were shown. */
    int answers() {
        return answers;
    }

    /** Folds the thoughts of later answers, or unfolds them and shows the last one. */
    void toggleThoughts() {
        folded = !folded;
        if (folded) {
            user.note("thoughts are folded");
        } else {
            user.note("thoughts are shown");
            if (!thought.isEmpty()) {
                user.thought(thought.toString());
                user.note("");
            }
        }
    }

    /**
     * Shows an answer to its end.
     *
     * @throws RuntimeException the cause if the generation failed
     */
    void show(CollectedAnswer answer) throws InterruptedException {
        thought.setLength(0);
        answers++;
        user.answerBegins(answer::cancel);
        try {
            answer.drainByPhase(this::print);
        } finally {
            user.answerEnds();
        }
        int tokens = answer.result().usage().thoughtTokens();
        if (folded && tokens > 0) {
            user.note("a thought of %d tokens; /thoughts shows it".formatted(tokens));
        }
    }

    private void print(String piece, TextSegment phase) {
        if (phase == TextSegment.ANSWER) {
            user.answer(piece);
            return;
        }
        if (folded && thought.isEmpty()) {
            user.thought("(thinking)\n");
        } else if (!folded) {
            user.thought(piece);
        }
        thought.append(piece);
    }
}
