package dev.longhand.engine.file;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a repository on the Hugging Face Hub and of a revision of it, written {@code
 * ORGANISATION/REPOSITORY} or {@code ORGANISATION/REPOSITORY@REVISION}.
 *
 * @param repository {@code ORGANISATION/REPOSITORY}
 * @param revision a branch, a tag or a commit
 */
public record HubName(String repository, String revision) {
    /** The revision that is meant where none is named. */
    public static final String MAIN = "main";

    private static final int REPOSITORY_CHARS_MAX = 96;
    private static final int REVISION_CHARS_MAX = 200;

    private static final Pattern REPOSITORY =
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*");

    private static final Pattern REVISION =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*");

    /** Separates the parts of a name in the name of the repository's folder in the cache. */
    private static final String SEPARATOR = "--";

    private static final String FOLDER = "models" + SEPARATOR;

    /** Parses a name; empty if the text is none, by the rules of the Hub. */
    public static Optional<HubName> parse(String text) {
        int at = text.indexOf('@');
        String repository = at < 0 ? text : text.substring(0, at);
        String revision = at < 0 ? MAIN : text.substring(at + 1);
        return isRepository(repository) && isRevision(revision)
                ? Optional.of(new HubName(repository, revision))
                : Optional.empty();
    }

    private static boolean isRepository(String text) {
        return text.length() <= REPOSITORY_CHARS_MAX
                && REPOSITORY.matcher(text).matches()
                && !text.contains(SEPARATOR)
                && !text.contains("..");
    }

    private static boolean isRevision(String text) {
        return text.length() <= REVISION_CHARS_MAX
                && REVISION.matcher(text).matches()
                && !text.contains("..");
    }

    /** Returns the repository whose folder in a cache has a name; empty if it is no such folder. */
    static Optional<String> ofFolder(Path folder) {
        String name = String.valueOf(folder.getFileName());
        if (!name.startsWith(FOLDER)) {
            return Optional.empty();
        }
        String repository = name.substring(FOLDER.length()).replace(SEPARATOR, "/");
        return Optional.of(repository).filter(HubName::isRepository);
    }

    /** The name of the repository's folder in a cache. */
    String folder() {
        return FOLDER + repository.replace("/", SEPARATOR);
    }

    /** The fault of a path that is no folder; it may be a name that the cache does not have. */
    public static String missing(String path) {
        return "there is no such folder"
                + parse(path)
                        .map(
                                name ->
                                        "; if this is a name on the Hugging Face Hub, \"hf download"
                                                + " "
                                                + name.repository
                                                + "\" fetches it"
                                                + (name.revision.equals(MAIN)
                                                        ? ""
                                                        : ", with its revision " + name.revision))
                        .orElse("");
    }

    /** Returns the name as it is written: without the revision where that is {@link #MAIN}. */
    @Override
    public String toString() {
        return revision.equals(MAIN) ? repository : repository + "@" + revision;
    }
}
