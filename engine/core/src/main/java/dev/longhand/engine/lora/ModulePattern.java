package dev.longhand.engine.lora;

import dev.longhand.engine.file.Settings;

/**
 * A regular expression over module names, from an adapter's configuration. The configuration is
 * untrusted, so a match that takes too many steps fails instead of occupying a core, and so do all
 * matches of a configuration together.
 */
final class ModulePattern {
    private static final int LENGTH_MAX = 1000;

    private final Settings config;
    private final String key;
    private final NamePattern pattern;
    private final Budget budget;

    private ModulePattern(Settings config, String key, NamePattern pattern, Budget budget) {
        this.config = config;
        this.key = key;
        this.pattern = pattern;
        this.budget = budget;
    }

    /** The steps of all matches of one configuration; used by one thread. */
    static final class Budget {
        /**
         * Most steps of one match. A sensible pattern takes some hundred for a module name of 30
         * characters.
         */
        private static final int MATCH_STEPS_MAX = 200_000;

        /**
         * Most steps of all matches, a second or two: 500 patterns for each of 500 modules take
         * about half of them.
         */
        private static final long ALL_STEPS_MAX = 100_000_000;

        private long steps;
        private long matchEnd;

        /** Creates a budget of which nothing is spent. */
        Budget() {}

        private void begin() {
            matchEnd = Math.min(steps + MATCH_STEPS_MAX, ALL_STEPS_MAX);
        }

        private void count() {
            if (steps++ >= matchEnd) {
                throw new TooLong();
            }
        }
    }

    /** Compiles a pattern for a module's whole name. */
    static ModulePattern whole(Settings config, String key, String regex, Budget budget) {
        return compile(config, key, regex, regex, budget);
    }

    /** Compiles a pattern for the last parts of a module's name: PEFT's {@code (.*\.)?(key)$}. */
    static ModulePattern ending(Settings config, String key, String regex, Budget budget) {
        return compile(config, key, regex, "(.*\\.)?(" + regex + ")", budget);
    }

    private static ModulePattern compile(
            Settings config, String key, String given, String regex, Budget budget) {
        if (given.length() > LENGTH_MAX) {
            throw config.refuse(key, "has a pattern of more than " + LENGTH_MAX + " characters");
        }
        try {
            return new ModulePattern(config, key, new NamePattern(regex), budget);
        } catch (NamePattern.MalformedException e) {
            throw config.refuse(key, "has a malformed regular expression: " + e.getMessage());
        }
    }

    /** Returns whether the pattern matches a module's name. */
    boolean matches(String module) {
        budget.begin();
        try {
            return pattern.matches(module, budget::count);
        } catch (TooLong | StackOverflowError e) {
            throw config.refuse(key, "has a regular expression that takes too long");
        }
    }

    private static final class TooLong extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLong() {
            super(null, null, false, false);
        }
    }
}
