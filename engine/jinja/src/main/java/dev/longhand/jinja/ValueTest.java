package dev.longhand.jinja;

/** Property that a template asks for with {@code is}. */
@FunctionalInterface
interface ValueTest {
    /**
     * Returns whether the value has the property.
     *
     * @throws TemplateException if an argument does not suit it
     */
    boolean holds(Object value, Arguments arguments, RenderState state);
}
