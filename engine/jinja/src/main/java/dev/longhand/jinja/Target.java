package dev.longhand.jinja;

import java.util.List;

/** What an assignment or a loop sets. */
interface Target {
    void assign(Object value, Frame frame);

    /** Variable of the scope. */
    record Variable(String name) implements Target {
        @Override
        public void assign(Object value, Frame frame) {
            frame.set(name, value);
        }
    }

    /** {@code variable.name} of a namespace. */
    record NamespaceAttribute(String variable, String name) implements Target {
        @Override
        public void assign(Object value, Frame frame) {
            if (!(frame.get(variable) instanceof Namespace namespace)) {
                throw TemplateException.value("cannot assign attribute on non-namespace object");
            }
            namespace.attributes().put(name, value);
        }
    }

    /** Several targets for the values of a sequence. */
    record Unpacked(List<Target> parts) implements Target {
        @Override
        public void assign(Object value, Frame frame) {
            List<Object> values = Values.list(value, frame.state());
            if (values.size() != parts.size()) {
                throw TemplateException.value(
                        values.size() > parts.size()
                                ? "too many values to unpack (expected %d)".formatted(parts.size())
                                : "not enough values to unpack (expected %d, got %d)"
                                        .formatted(parts.size(), values.size()));
            }
            for (int i = 0; i < parts.size(); i++) {
                parts.get(i).assign(values.get(i), frame);
            }
        }
    }
}
