package dev.longhand.jinja;

/** Expression of a template. Values are as {@link Values} describes them. */
interface Expression {
    Object evaluate(Frame frame);
}
