package dev.longhand.jinja;

/**
 * Token of a template.
 *
 * @param text its characters; those of a string without quotes and escapes
 * @param line line of the source, from 1
 */
record Token(Kind kind, String text, int line) {
    /** Kind of a token. */
    enum Kind {
        /** Text between tags. */
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        VARIABLE_BEGIN,
        VARIABLE_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean isName(String name) {
        return kind == Kind.NAME && text.equals(name);
    }

    boolean isOperator(String operator) {
        return kind == Kind.OPERATOR && text.equals(operator);
    }

    String described() {
        return switch (kind) {
            case END -> "end of template";
            case BLOCK_BEGIN, BLOCK_END -> "end of statement block";
            case VARIABLE_BEGIN, VARIABLE_END -> "end of print statement";
            default -> "'" + text + "'";
        };
    }
}
