package dev.longhand.jinja;

/** Value that a template can call. */
@FunctionalInterface
interface Function {
    /**
     * Calls the function.
     *
     * @throws TemplateException if it fails
     */
    Object call(Arguments arguments, RenderState state);
}
