package dev.longhand.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** Variables that inner scopes may set. */
record Namespace(Map<String, Object> attributes) {
    static Object create(Arguments arguments, RenderState state) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        for (Object argument : arguments.positional()) {
            Globals.dictOf(argument, state)
                    .forEach((key, value) -> attributes.put(PythonText.text(key), value));
        }
        attributes.putAll(arguments.keywords());
        return new Namespace(attributes);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
