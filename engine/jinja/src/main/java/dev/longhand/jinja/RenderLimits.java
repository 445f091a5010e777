package dev.longhand.jinja;

/**
 * Limits for one rendering, so that a hostile template ends with an error.
 *
 * @param steps most evaluations of expressions and statements; work on long texts counts as more
 * @param characters most characters of the output and of every text on the way to it
 * @param depth most macro calls and recursive loops inside one another
 */
public record RenderLimits(long steps, int characters, int depth) {
    /** Enough for a conversation of thousands of messages. */
    public static final RenderLimits DEFAULT = new RenderLimits(20_000_000, 64 << 20, 100);
}
