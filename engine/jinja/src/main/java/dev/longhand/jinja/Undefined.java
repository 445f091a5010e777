package dev.longhand.jinja;

/**
 * Result of a name, attribute or index that does not exist: prints as nothing, and any other use
 * fails.
 *
 * @param message text of the failure
 */
record Undefined(String message) {
    static Undefined variable(String name) {
        return new Undefined("'" + name + "' is undefined");
    }

    static Undefined attribute(Object of, String name) {
        return new Undefined("'%s' has no attribute '%s'".formatted(described(of), name));
    }

    static Undefined item(Object of, Object index) {
        return index instanceof String name
                ? attribute(of, name)
                : new Undefined(
                        "%s has no element %s".formatted(described(of), PythonText.repr(index)));
    }

    static Undefined unsafe(Object of, String name) {
        return new Undefined(
                "access to attribute '%s' of '%s' object is unsafe."
                        .formatted(name, Values.typeName(of)));
    }

    private static String described(Object value) {
        return value == None.NONE ? "None" : Values.typeName(value) + " object";
    }

    /** Returns the value if it is defined. */
    static Object require(Object value) {
        if (value instanceof Undefined undefined) {
            throw TemplateException.value(undefined.message);
        }
        return value;
    }
}
