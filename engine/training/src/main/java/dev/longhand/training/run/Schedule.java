package dev.longhand.training.run;

/**
 * The learning rate over the steps, as a factor of its peak. It rises linearly from 0 during the
 * warm-up, so the first update changes nothing but the moments, as in transformers.
 *
 * @param kind the course after the warm-up
 * @param warmup below 1 the share of all steps, rounded up; from 1 on a number of steps
 * @param minimum the factor at the end, from 0 to 1
 * @param decay share of all steps in which {@link Kind#WSD} falls
 */
public record Schedule(Kind kind, double warmup, double minimum, double decay) {
    /** The course after the warm-up. */
    public enum Kind {
        /** Half a cosine. */
        COSINE,
        LINEAR,
        CONSTANT,

        /** Constant, then linear: warm-up, stable, decay. */
        WSD
    }

    /** The schedule of the study: cosine to 0 after a warm-up of a tenth. */
    public static final Schedule DEFAULT = new Schedule(Kind.COSINE, 0.1, 0, 0.1);

    public Schedule {
        if (!(warmup >= 0) || !(minimum >= 0 && minimum <= 1) || !(decay > 0 && decay <= 1)) {
            throw new IllegalArgumentException(
                    "warmup %s, minimum %s, decay %s".formatted(warmup, minimum, decay));
        }
    }

    /**
     * Returns the factor of a step.
     *
     * @param step from 0
     * @param total number of all steps
     */
    public double factor(long step, long total) {
        long rise = (long) Math.ceil(warmup < 1 ? warmup * total : warmup);
        if (step < rise) {
            return (double) step / rise;
        }
        double course =
                switch (kind) {
                    case COSINE -> (1 + Math.cos(Math.PI * done(step, rise, total))) / 2;
                    case LINEAR -> 1 - done(step, rise, total);
                    case CONSTANT -> 1;
                    case WSD -> {
                        long fall = Math.max(rise, total - (long) Math.ceil(decay * total));
                        yield step < fall ? 1 : 1 - done(step, fall, total);
                    }
                };
        return minimum + (1 - minimum) * course;
    }

    private static double done(long step, long from, long total) {
        return (double) (step - from) / Math.max(1, total - from);
    }
}
