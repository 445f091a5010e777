package dev.longhand.service.soak;

import java.io.IOException;
import java.util.Random;

/** One client, which changes its behaviour from connection to connection. */
interface SoakClient {
    /** The behaviour of a client on one connection. */
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

    /** Sends requests until the time is over; returns with all answers. */
    void run(long endNanos) throws IOException, InterruptedException;

    /** Times between tokens, measured by a client that reads at once. */
    PauseTimes pauses();
}
