package dev.longhand.jinja;

/** Statement of a template. */
interface Statement {
    /** How a statement ends. */
    enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    Flow execute(Frame frame);
}
