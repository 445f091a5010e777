package dev.longhand.jinja;

/** Failure of a template: of its source, or of its rendering. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Origin of a failure. */
    public enum Kind {
        /** The source is not Jinja, or uses a part of Jinja that chat templates lack. */
        SYNTAX,
        /** A value is undefined or has the wrong type. */
        VALUE,
        /** The template called {@code raise_exception}; the message is the template's. */
        RAISED,
        /** The rendering exceeded its {@link RenderLimits}. */
        LIMIT
    }

    private final Kind kind;

    TemplateException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** Returns the origin of the failure. */
    public Kind kind() {
        return kind;
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    static TemplateException syntax(int line, String message) {
        return new TemplateException(Kind.SYNTAX, "line " + line + ": " + message);
    }

    static TemplateException value(String message) {
        return new TemplateException(Kind.VALUE, message);
    }

    static TemplateException limit(String message) {
        return new TemplateException(Kind.LIMIT, message);
    }
}
