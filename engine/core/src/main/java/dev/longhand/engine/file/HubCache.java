package dev.longhand.engine.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The local cache of the Hugging Face Hub, which all of its tools share. A repository's folder
 * holds {@code refs/REVISION}, files with the commit of a branch or a tag; {@code
 * snapshots/COMMIT}, folders of links; and {@code blobs/HASH}, the files to which the links lead.
 *
 * @param folder the folder of the cache; need not exist
 */
public record HubCache(Path folder) {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final int COMMIT_BYTES_MAX = 64;
    private static final String SNAPSHOTS = "snapshots";

    /** The cache that the variables of this process's environment name. */
    public static HubCache ofEnvironment() {
        return of(System.getenv());
    }

    /**
     * The cache that variables name: {@code HF_HUB_CACHE}, else {@code hub} within {@code HF_HOME},
     * within {@code huggingface} in {@code XDG_CACHE_HOME}, or in {@code ~/.cache}.
     */
    public static HubCache of(Map<String, String> environment) {
        return new HubCache(
                path(environment, "HF_HUB_CACHE")
                        .or(() -> path(environment, "HUGGINGFACE_HUB_CACHE"))
                        .orElseGet(() -> home(environment).resolve("hub")));
    }

    /** The folder of the Hub's tools, which holds the cache and the token. */
    public static Path home(Map<String, String> environment) {
        return path(environment, "HF_HOME")
                .orElseGet(
                        () ->
                                path(environment, "XDG_CACHE_HOME")
                                        .orElseGet(() -> user(environment).resolve(".cache"))
                                        .resolve("huggingface"));
    }

    /** The path in a variable, {@code ~} at its start being the user's home; empty if unset. */
    public static Optional<Path> path(Map<String, String> environment, String variable) {
        String value = environment.get(variable);
        if (value == null || value.isBlank()) {
            return Optional.empty();
        }
        return Optional.of(
                value.equals("~") || value.startsWith("~/")
                        ? user(environment).resolve(value.substring(Math.min(2, value.length())))
                        : Path.of(value));
    }

    private static Path user(Map<String, String> environment) {
        String home = environment.get("HOME");
        return Path.of(
                home == null || home.isBlank()
                        ? Objects.requireNonNull(System.getProperty("user.home"))
                        : home);
    }

    /** Whether a text is the full hash of a commit. */
    public static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    /** The folder of a repository; need not exist. */
    public Path repository(HubName name) {
        return folder.resolve(name.folder());
    }

    /** The folder of a commit's files; need not exist. */
    public Path snapshot(HubName name, String commit) {
        return repository(name).resolve(SNAPSHOTS, commit);
    }

    /** The file that holds the commit of a branch or a tag; need not exist. */
    public Path reference(HubName name) {
        return repository(name).resolve("refs", name.revision());
    }

    /** Returns the folder of a revision's files; empty if the cache has none. */
    public Optional<Path> find(HubName name) {
        return commit(name).map(commit -> snapshot(name, commit)).filter(Files::isDirectory);
    }

    private Optional<String> commit(HubName name) {
        try (InputStream in = Files.newInputStream(reference(name))) {
            byte[] bytes = in.readNBytes(COMMIT_BYTES_MAX);
            return Optional.of(new String(bytes, StandardCharsets.ISO_8859_1).strip())
                    .filter(HubCache::isCommit);
        } catch (IOException e) {
            return Optional.of(name.revision()).filter(HubCache::isCommit);
        }
    }

    /**
     * Resolves what was given as a folder: a path, or the name of a repository whose files lie in
     * the cache. A path that exists is meant; what is neither is returned as a path.
     *
     * @param base the folder of relative paths
     */
    public Path resolve(Path base, String given) {
        Path path = base.resolve(given);
        return Files.exists(path) ? path : HubName.parse(given).flatMap(this::find).orElse(path);
    }

    /** Returns the repository of a snapshot's folder; empty if it lies in no cache. */
    public static Optional<String> repositoryOf(Path snapshot) {
        Path snapshots = snapshot.toAbsolutePath().normalize().getParent();
        if (snapshots == null || !snapshots.endsWith(SNAPSHOTS)) {
            return Optional.empty();
        }
        Path repository = snapshots.getParent();
        return repository == null ? Optional.empty() : HubName.ofFolder(repository);
    }
}
