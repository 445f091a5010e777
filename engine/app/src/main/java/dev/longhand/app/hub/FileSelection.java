package dev.longhand.app.hub;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.gguf.GgufModel;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Chooses the files of a repository that the engine reads, or those that match patterns. */
final class FileSelection {
    /** Tells which file holds which tensor of a model in shards. */
    static final String INDEX = "model.safetensors.index.json";

    private static final String CONFIG = "config.json";
    private static final String ADAPTER_CONFIG = "adapter_config.json";
    private static final String GENERATION = "generation_config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final int NAMED_MAX = 8;

    /** Beside the weights of a model. */
    private static final Set<String> OF_MODEL =
            Set.of(
                    CONFIG,
                    GENERATION,
                    INDEX,
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "added_tokens.json",
                    "vocab.json",
                    "merges.txt",
                    "chat_template.jinja",
                    "chat_template.json");

    private static final Set<String> OF_ADAPTER =
            Set.of(ADAPTER_CONFIG, "adapter_model.safetensors");

    private final HubListing listing;

    FileSelection(HubListing listing) {
        this.listing = listing;
    }

    /**
     * Returns the files that match one of the patterns, in which {@code *} stands for any text. A
     * GGUF model in parts matches as one file would, and is chosen with all of its parts.
     *
     * @throws InputException if a pattern matches none, or a part is missing
     */
    List<HubFile> matching(Collection<String> patterns) {
        for (String pattern : patterns) {
            if (listing.paths().stream().noneMatch(path -> chooses(pattern, path))) {
                throw new InputException(
                        "%s: no file matches %s; there are %s"
                                .formatted(
                                        listing.source(),
                                        ErrorText.quote(pattern),
                                        some(listing.paths())));
            }
        }
        Set<String> chosen =
                listing.paths().stream()
                        .filter(path -> patterns.stream().anyMatch(each -> chooses(each, path)))
                        .map(GgufModel::whole)
                        .collect(Collectors.toSet());
        List<HubFile> files =
                files(
                        listing.paths().stream()
                                .filter(path -> chosen.contains(GgufModel.whole(path))));
        files.forEach(file -> requireParts(file.path()));
        return files;
    }

    private static boolean chooses(String pattern, String path) {
        return matches(pattern, path) || matches(pattern, GgufModel.whole(path));
    }

    private void requireParts(String path) {
        for (Path part : GgufModel.paths(Path.of(path))) {
            if (!listing.has(part.toString())) {
                throw new InputException(
                        "%s: lacks %s, a part of a model"
                                .formatted(listing.source(), ErrorText.path(part)));
            }
        }
    }

    private static boolean matches(String pattern, String path) {
        int star = pattern.indexOf('*');
        if (star < 0) {
            return path.equals(pattern);
        }
        String rest = pattern.substring(star + 1);
        if (!path.startsWith(pattern.substring(0, star))) {
            return false;
        }
        for (int from = star; from <= path.length(); from++) {
            if (matches(rest, path.substring(from))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the files of a model or an adapter, without the shards that an index names; those of
     * the only GGUF model, if there is nothing else.
     *
     * @throws InputException if the repository holds neither in a form that the engine reads
     */
    List<HubFile> needed() {
        boolean adapter = OF_ADAPTER.stream().allMatch(listing::has);
        boolean model = listing.has(CONFIG) && (listing.has(INDEX) || listing.has(WEIGHTS));
        List<String> gguf = ggufModels();
        if (!adapter && !model && gguf.size() == 1) {
            return files(
                    Stream.concat(
                            Stream.of(GENERATION).filter(listing::has),
                            matching(gguf).stream().map(HubFile::path)));
        }
        if (!adapter && !model) {
            throw new InputException(listing.source() + " " + fault());
        }
        Stream<String> paths = listing.paths().stream();
        return files(
                paths.filter(
                        path ->
                                (adapter && OF_ADAPTER.contains(path))
                                        || (model && isOfModel(path))));
    }

    /** Returns the GGUF models where the engine looks for one, without those of other uses. */
    private List<String> ggufModels() {
        return listing.paths().stream()
                .filter(path -> path.endsWith(GgufModel.ENDING) && path.indexOf('/') < 0)
                .filter(path -> !path.startsWith("mmproj") && !path.contains("imatrix"))
                .map(GgufModel::whole)
                .distinct()
                .toList();
    }

    private boolean isOfModel(String path) {
        return OF_MODEL.contains(path)
                || path.matches("additional_chat_templates/[^/]+\\.jinja")
                || (path.equals(WEIGHTS) && !listing.has(INDEX));
    }

    /**
     * Returns the shards of a model.
     *
     * @param names the names in its index
     * @throws InputException if the repository lacks one
     */
    List<HubFile> shards(Collection<String> names) {
        for (String name : names) {
            if (!listing.has(name)) {
                throw new InputException(
                        "%s: %s names %s, which the repository lacks"
                                .formatted(listing.source(), INDEX, ErrorText.quote(name)));
            }
        }
        return files(names.stream());
    }

    private List<HubFile> files(Stream<String> paths) {
        return paths.map(listing::file).toList();
    }

    private String fault() {
        List<String> gguf =
                listing.paths().stream()
                        .filter(path -> path.endsWith(GgufModel.ENDING))
                        .map(GgufModel::whole)
                        .distinct()
                        .toList();
        if (!gguf.isEmpty()) {
            return "holds GGUF files, of which one must be named: " + some(gguf);
        }
        if (listing.has(CONFIG) || listing.has(ADAPTER_CONFIG)) {
            return "has no weights in safetensors, only " + some(listing.paths());
        }
        return "is neither a model nor an adapter: it has no config.json; there are "
                + some(listing.paths());
    }

    private static String some(Collection<String> paths) {
        List<String> shown =
                new ArrayList<>(paths.stream().limit(NAMED_MAX).map(ErrorText::line).toList());
        if (paths.size() > NAMED_MAX) {
            shown.add("and %d more".formatted(paths.size() - NAMED_MAX));
        }
        return shown.isEmpty() ? "no files" : shown.stream().collect(Collectors.joining(", "));
    }
}
