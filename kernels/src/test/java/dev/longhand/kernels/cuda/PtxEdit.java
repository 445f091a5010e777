package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A change of lines of one kernel's PTX, found by what they say and not by their registers' names.
 * Every line keeps its number, so that findings name the places of the text that ships.
 *
 * @param kernel the entry
 * @param line matches a whole line, blanks run together
 * @param of how many lines of the kernel match
 * @param at which of them is changed, from 0; {@link #ALL} changes all
 * @param with what it becomes, with groups of {@code line} as $1
 */
record PtxEdit(String kernel, Pattern line, int of, int at, String with) {
    static final int ALL = -1;

    private static final String REMOVED = "";

    /** Removes one line. */
    static PtxEdit remove(String kernel, String line, int of, int at) {
        return replace(kernel, line, of, at, REMOVED);
    }

    /** Changes one line, or all that match. */
    static PtxEdit replace(String kernel, String line, int of, int at, String with) {
        return new PtxEdit(kernel, Pattern.compile(line), of, at, with);
    }

    /** The text with this change, which must do what it says and nothing else. */
    String apply(String ptx) {
        List<String> lines = new ArrayList<>(List.of(ptx.split("\n", -1)));
        List<Integer> found = matches(lines);
        assertEquals(of, found.size(), () -> "lines of %s that are %s".formatted(kernel, line));
        List<Integer> changed = at == ALL ? found : List.of(found.get(at));
        for (int index : changed) {
            String before = plain(lines.get(index));
            String after = line.matcher(before).replaceFirst(with);
            assertNotEquals(before, after, "the line stays as it is");
            lines.set(index, after);
        }
        String result = String.join("\n", lines);
        assertEquals(changed, differences(ptx, result), "lines that differ");
        return result;
    }

    private List<Integer> matches(List<String> lines) {
        String start = ".visible .entry " + kernel + "(";
        int first = 0;
        while (first < lines.size() && !lines.get(first).startsWith(start)) {
            first++;
        }
        assertTrue(first < lines.size(), "no kernel " + kernel);
        List<Integer> found = new ArrayList<>();
        for (int i = first; !lines.get(i).equals("}"); i++) {
            Matcher matcher = line.matcher(plain(lines.get(i)));
            if (matcher.matches()) {
                found.add(i);
            }
        }
        return found;
    }

    private static String plain(String line) {
        return line.strip().replaceAll("\\s+", " ");
    }

    private static List<Integer> differences(String before, String after) {
        String[] old = before.split("\n", -1);
        String[] now = after.split("\n", -1);
        assertEquals(old.length, now.length);
        List<Integer> differing = new ArrayList<>();
        for (int i = 0; i < old.length; i++) {
            if (!old[i].equals(now[i])) {
                differing.add(i);
            }
        }
        return differing;
    }
}
