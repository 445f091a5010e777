package dev.longhand.jinja;

/** Text of a block that filters apply to; it is a variable no template can name. */
record Captured() implements Expression {
    private static final String NAME = " captured";

    static void set(String text, Frame frame) {
        frame.set(NAME, text);
    }

    @Override
    public Object evaluate(Frame frame) {
        return frame.get(NAME);
    }
}
