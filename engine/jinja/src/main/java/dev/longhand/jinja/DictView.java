package dev.longhand.jinja;

import java.util.List;

/**
 * Keys, values or items of a dict.
 *
 * @param typeName its type in Python
 */
record DictView(String typeName, List<Object> items) {}
