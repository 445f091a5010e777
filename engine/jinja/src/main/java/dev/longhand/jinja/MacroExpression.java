package dev.longhand.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Macro as it is written; its value is a function of the scope around it.
 *
 * @param takesMorePositional whether the body reads {@code varargs}
 * @param takesMoreKeywords whether the body reads {@code kwargs}
 * @param takesCaller whether the body reads {@code caller}
 */
record MacroExpression(
        String name,
        Parameters parameters,
        Statement body,
        boolean takesMorePositional,
        boolean takesMoreKeywords,
        boolean takesCaller)
        implements Expression {
    @Override
    public Object evaluate(Frame frame) {
        return new Macro(this, frame);
    }

    /** Macro with the scope of its definition. */
    record Macro(MacroExpression definition, Frame outer) implements Function {
        @Override
        public Object call(Arguments arguments, RenderState state) {
            state.enter();
            Frame frame = outer.inner();
            definition.assign(arguments, frame);
            String text = state.capture(definition.body, frame);
            state.leave();
            return text;
        }

        @Override
        public String toString() {
            return "<Macro " + PythonText.repr(definition.name) + ">";
        }
    }

    private void assign(Arguments arguments, Frame frame) {
        List<String> names = parameters.names();
        Map<String, Object> keywords = new LinkedHashMap<>(arguments.keywords());
        List<Object> positional = arguments.positional();
        Object caller = keywords.remove("caller");
        if (caller != null && !takesCaller) {
            throw TemplateException.value(
                    "macro '%s' does not use the caller that a call block gives it"
                            .formatted(name));
        }
        if (takesCaller) {
            frame.set("caller", caller == null ? new Undefined("No caller defined") : caller);
        }
        int firstDefault = names.size() - parameters.defaults().size();
        for (int i = 0; i < names.size(); i++) {
            String parameter = names.get(i);
            if (i < positional.size()) {
                frame.set(parameter, positional.get(i));
            } else if (keywords.containsKey(parameter)) {
                frame.set(parameter, keywords.remove(parameter));
            } else if (i >= firstDefault) {
                frame.set(parameter, parameters.defaults().get(i - firstDefault).evaluate(frame));
            } else {
                frame.set(
                        parameter, new Undefined("parameter '" + parameter + "' was not provided"));
            }
        }
        assignMore(positional, keywords, frame);
    }

    private void assignMore(List<Object> positional, Map<String, Object> keywords, Frame frame) {
        int count = parameters.names().size();
        if (takesMoreKeywords) {
            frame.set("kwargs", new LinkedHashMap<Object, Object>(keywords));
        } else if (!keywords.isEmpty()) {
            throw TemplateException.value(
                    "macro '%s' takes no keyword argument '%s'"
                            .formatted(name, keywords.keySet().iterator().next()));
        }
        if (takesMorePositional) {
            List<Object> more =
                    positional.subList(Math.min(count, positional.size()), positional.size());
            frame.set("varargs", new Tuple(new ArrayList<>(more)));
        } else if (positional.size() > count) {
            throw TemplateException.value(
                    "macro '%s' takes not more than %d argument(s)".formatted(name, count));
        }
    }
}
