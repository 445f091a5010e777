package dev.longhand.service.soak;

import java.io.IOException;
import java.util.Random;

/** One client, in one mood after the other until the time is over. */
interface SoakClient {
    /** How a client behaves on one connection. */
    enum Mood {
        HONEST(60),
        CANCELS(12),
        LEAVES(10),
        SLOW(8),
        HALF_CLOSES(5),
        RUDE(5);

        private final int percent;

        Mood(int percent) {
            this.percent = percent;
        }

        static Mood of(Random random) {
            int left = random.nextInt(100);
            for (Mood mood : values()) {
                left -= mood.percent;
                if (left < 0) {
                    return mood;
                }
            }
            return HONEST;
        }
    }

    /** Asks until the time is over, and has all answers when it returns. */
    void run(long endNanos) throws IOException, InterruptedException;

    /** Times between tokens, as an attentive client saw them. */
    PauseTimes pauses();
}
