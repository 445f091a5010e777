package dev.longhand.service;

import dev.longhand.engine.file.Settings;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;

/** How a server treats fields and spellings that cannot change an answer. */
public enum Dialect {
    /** Rejects every field and spelling that the protocol does not define. */
    STRICT,

    /** Accepts fields and spellings that client libraries send and that cannot change an answer. */
    LENIENT;

    /** Limit for the spelling of a number, since the work to parse one exactly is quadratic. */
    private static final int SPELLING_MAX = 40;

    /** Whether this dialect accepts what cannot change an answer. */
    public boolean lenient() {
        return this == LENIENT;
    }

    /**
     * Returns the integer under a key, or null if absent. The lenient dialect also takes {@code
     * 20.0}.
     */
    public @Nullable Integer whole(Settings request, String key, int min, int max) {
        String json = request.json(key);
        if (lenient() && json != null && isDecimal(json)) {
            Double value = request.number(key, min, max);
            if (value != null && value == Math.rint(value)) {
                return value.intValue();
            }
        }
        var value = request.integer(key, min, max);
        return value.isPresent() ? Integer.valueOf(value.getAsInt()) : null;
    }

    /** Returns the integer of 64 bits under a key, exactly, or null if absent. */
    public @Nullable Long wholeLong(Settings request, String key) {
        Double rounded = request.number(key, -Double.MAX_VALUE, Double.MAX_VALUE);
        String json = request.json(key);
        if (rounded == null || json == null) {
            return null;
        }
        boolean whole = rounded == Math.rint(rounded) && (lenient() || !isDecimal(json));
        if (!whole || json.length() > SPELLING_MAX) {
            throw request.refuse(key, "must be a whole number");
        }
        try {
            return new BigDecimal(json).longValueExact();
        } catch (ArithmeticException | NumberFormatException e) { // the latter for exponents
            throw request.refuse(key, "must be a whole number of 64 bits");
        }
    }

    private static boolean isDecimal(String json) {
        return json.chars().anyMatch(c -> c == '.' || c == 'e' || c == 'E');
    }
}
