package dev.longhand.jinja;

import java.util.List;

/**
 * Parameters of a macro.
 *
 * @param defaults values of the last parameters
 */
record Parameters(List<String> names, List<Expression> defaults) {
    static final Parameters NONE = new Parameters(List.of(), List.of());
}
