package dev.longhand.jinja;

/** Function that a template applies with {@code |}. */
@FunctionalInterface
interface Filter {
    /**
     * Applies the filter.
     *
     * @throws TemplateException if the value or an argument does not suit it
     */
    Object apply(Object value, Arguments arguments, RenderState state);
}
