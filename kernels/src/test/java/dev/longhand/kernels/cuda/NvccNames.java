package dev.longhand.kernels.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * Names that nvcc makes up for what has no linkage. They hold hashes of the folder it ran in and
 * sometimes the number of its process, so they differ where nothing else does:
 *
 * <pre>49_INTERNAL_4efdd30e_12_attention_cu_d81fafe8_23643</pre>
 *
 * with the length in front, for a file, and the like with {@code _GLOBAL__N__} for its unnamed
 * namespace. Names of inlined functions stand in the debug section as numbers.
 */
final class NvccNames {
    private static final String INTERNAL = "_INTERNAL_";
    private static final String UNNAMED = "_GLOBAL__N__";
    private static final String BYTES = ".b8 ";

    private NvccNames() {}

    /** PTX text with one and the same name for each of the two. */
    static String neutral(String ptx) {
        return replace(replace(readable(ptx), INTERNAL, "<internal>"), UNNAMED, "<unnamed>");
    }

    /** A mangled name is preceded by its length, here always of two digits. */
    private static String replace(String text, String start, String with) {
        StringBuilder result = new StringBuilder();
        int done = 0;
        for (int at = text.indexOf(start); at >= 0; at = text.indexOf(start, done)) {
            result.append(text, done, at - 2).append(with);
            done = at + Integer.parseInt(text, at - 2, at, 10);
        }
        return result.append(text, done, text.length()).toString();
    }

    /** PTX text with runs of {@code .b8} lines as the strings that they are. */
    static String readable(String ptx) {
        List<String> lines = new ArrayList<>();
        StringBuilder string = new StringBuilder();
        for (String line : ptx.split("\n", -1)) {
            if (line.startsWith(BYTES) && line.indexOf('[') < 0) {
                for (String number : line.substring(BYTES.length()).split(",")) {
                    int character = Integer.parseInt(number.strip());
                    if (character != 0) {
                        string.append((char) character);
                    } else {
                        lines.add("\"" + string + "\"");
                        string.setLength(0);
                    }
                }
            } else {
                if (!string.isEmpty()) {
                    throw new IllegalArgumentException("bytes that are no string: " + string);
                }
                lines.add(line);
            }
        }
        return String.join("\n", lines);
    }
}
