package dev.longhand.study.pipeline;

import dev.longhand.engine.error.InputException;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One command of a study. Its arguments name the folder of the stage as {@code {out}}, those of
 * earlier stages as {@code {NAME}}, the folder of the whole study as {@code {study}} and the folder
 * of its configuration as {@code {here}}.
 *
 * @param name the name, unique in the study and also the name of the folder
 * @param kind what it does: the name of the command
 * @param arguments the command line, beginning with the name of the command
 * @param work what it is expected to cost
 */
public record Stage(String name, String kind, List<String> arguments, Work work) {
    private static final Pattern PLACE = Pattern.compile("\\{([a-zA-Z0-9][a-zA-Z0-9.:_-]*)}");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,79}");
    private static final String OUT = "out";

    /** The place of the whole study's folder. */
    public static final String STUDY = "study";

    /** The place of the configuration's folder. */
    public static final String HERE = "here";

    private static final Set<String> RESERVED = Set.of(OUT, STUDY, HERE);

    /**
     * What a stage is expected to cost.
     *
     * @param tokens the number of tokens that it learns or generates; 0 if it does neither
     * @param bytes the number of bytes that it writes; 0 if few
     * @param rate tokens per second; 0 if it has that of its kind
     */
    public record Work(long tokens, long bytes, double rate) {
        /** Little work. */
        public static final Work LITTLE = new Work(0, 0);

        /** Creates work at the rate of its kind. */
        public Work(long tokens, long bytes) {
            this(tokens, bytes, 0);
        }
    }

    /**
     * Checks the name.
     *
     * @throws InputException if the name cannot be that of a folder
     */
    public Stage {
        if (!NAME.matcher(name).matches() || RESERVED.contains(name)) {
            throw new InputException(
                    "a stage has a name of letters, digits, dots and dashes, other than %s: %s"
                            .formatted(RESERVED, name));
        }
        arguments = List.copyOf(arguments);
    }

    /** Creates a stage of a command line. */
    public static Stage of(String name, List<String> arguments, Work work) {
        if (arguments.isEmpty()) {
            throw new InputException("the stage " + name + " has no command");
        }
        return new Stage(name, arguments.getFirst(), arguments, work);
    }

    /** The names of the stages whose folders the arguments name. */
    public Set<String> needs() {
        Set<String> names = new LinkedHashSet<>();
        for (String argument : arguments) {
            PLACE.matcher(argument).results().map(place -> place.group(1)).forEach(names::add);
        }
        names.removeAll(RESERVED);
        return names;
    }

    /**
     * Returns the arguments with folders in place of their names.
     *
     * @param folders the folders of earlier stages, of the study and of its configuration
     * @param out the folder of this stage
     */
    public List<String> resolved(Map<String, Path> folders, Path out) {
        return arguments.stream().map(each -> resolve(each, folders, out)).toList();
    }

    private static String resolve(String argument, Map<String, Path> folders, Path out) {
        return PLACE.matcher(argument)
                .replaceAll(place -> Matcher.quoteReplacement(folder(place, folders, out)));
    }

    private static String folder(MatchResult place, Map<String, Path> folders, Path out) {
        String name = place.group(1);
        Path folder = name.equals(OUT) ? out : folders.get(name);
        return folder == null ? place.group() : folder.toString();
    }
}
