package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Arguments of a call in the source.
 *
 * @param morePositional expression after {@code *}
 * @param moreKeywords expression after {@code **}
 */
record CallArguments(
        List<Expression> positional,
        List<String> keys,
        List<Expression> values,
        @Nullable Expression morePositional,
        @Nullable Expression moreKeywords) {
    static final CallArguments NONE =
            new CallArguments(List.of(), List.of(), List.of(), null, null);

    static CallArguments of(Expression argument) {
        return new CallArguments(List.of(argument), List.of(), List.of(), null, null);
    }

    /** Returns these arguments and one more by name. */
    CallArguments with(String key, Expression value) {
        List<String> moreKeys = new ArrayList<>(keys);
        moreKeys.add(key);
        List<Expression> moreValues = new ArrayList<>(values);
        moreValues.add(value);
        return new CallArguments(positional, moreKeys, moreValues, morePositional, moreKeywords);
    }

    Arguments evaluate(Frame frame) {
        if (positional.isEmpty()
                && keys.isEmpty()
                && morePositional == null
                && moreKeywords == null) {
            return Arguments.NONE;
        }
        List<Object> all = new ArrayList<>(positional.size());
        for (Expression argument : positional) {
            all.add(argument.evaluate(frame));
        }
        if (morePositional != null) {
            all.addAll(Values.list(morePositional.evaluate(frame), frame.state()));
        }
        Map<String, Object> named = new LinkedHashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            named.put(keys.get(i), values.get(i).evaluate(frame));
        }
        if (moreKeywords != null) {
            Object more = moreKeywords.evaluate(frame);
            if (!(more instanceof Map<?, ?> map)) {
                throw TemplateException.value(
                        "argument after ** must be a mapping, not " + Values.typeName(more));
            }
            map.forEach((key, value) -> named.put(PythonText.text(key), value));
        }
        return new Arguments(all, named);
    }
}
