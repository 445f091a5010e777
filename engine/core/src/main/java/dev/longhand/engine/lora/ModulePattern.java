package dev.longhand.engine.lora;

import dev.longhand.engine.file.Settings;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression over module names, from an adapter's configuration. The configuration is
 * untrusted, so a match that backtracks for too long fails instead of occupying a core.
 */
final class ModulePattern {
    private static final int LENGTH_MAX = 1000;

    /**
     * Maximum number of characters that a match may read. A sensible pattern reads a module name of
     * 30 characters about a dozen times.
     */
    private static final int STEPS_MAX = 200_000;

    private final Settings config;
    private final String key;
    private final Pattern pattern;

    private ModulePattern(Settings config, String key, Pattern pattern) {
        this.config = config;
        this.key = key;
        this.pattern = pattern;
    }

    /** Compiles a pattern for a module's whole name. */
    static ModulePattern whole(Settings config, String key, String regex) {
        return compile(config, key, regex, regex);
    }

    /** Compiles a pattern for the last parts of a module's name: PEFT's {@code (.*\.)?(key)$}. */
    static ModulePattern ending(Settings config, String key, String regex) {
        return compile(config, key, regex, "(.*\\.)?(" + regex + ")");
    }

    private static ModulePattern compile(Settings config, String key, String given, String regex) {
        if (given.length() > LENGTH_MAX) {
            throw config.refuse(key, "has a pattern of more than " + LENGTH_MAX + " characters");
        }
        try {
            return new ModulePattern(config, key, Pattern.compile(regex));
        } catch (PatternSyntaxException e) {
            throw config.refuse(key, "has a malformed regular expression: " + e.getDescription());
        }
    }

    /** Returns whether the pattern matches a module's name. */
    boolean matches(String module) {
        try {
            return pattern.matcher(new Counted(module, new Steps())).matches();
        } catch (TooLong | StackOverflowError e) {
            throw config.refuse(key, "has a regular expression that takes too long");
        }
    }

    /** The number of characters read during one match. */
    private static final class Steps {
        private int count;
    }

    /** A text that counts the characters read from it and fails beyond the limit. */
    private record Counted(String text, Steps steps) implements CharSequence {
        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (steps.count++ > STEPS_MAX) {
                throw new TooLong();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int from, int to) {
            return new Counted(text.substring(from, to), steps);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class TooLong extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLong() {
            super(null, null, false, false);
        }
    }
}
