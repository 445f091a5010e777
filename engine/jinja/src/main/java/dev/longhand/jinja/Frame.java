package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;

/** Variables of one scope; names that it lacks are those of the scope around it. */
final class Frame {
    private final RenderState state;
    private final @Nullable Frame outer;
    private @Nullable Map<String, Object> variables;

    Frame(RenderState state, @Nullable Frame outer) {
        this.state = state;
        this.outer = outer;
    }

    RenderState state() {
        return state;
    }

    Frame inner() {
        return new Frame(state, this);
    }

    void set(String name, Object value) {
        if (variables == null) {
            variables = new HashMap<>();
        }
        variables.put(name, value);
    }

    Object get(String name) {
        for (Frame frame = this; frame != null; frame = frame.outer) {
            if (frame.variables != null) {
                Object value = frame.variables.get(name);
                if (value != null) {
                    return value;
                }
            }
        }
        return Undefined.variable(name);
    }
}
