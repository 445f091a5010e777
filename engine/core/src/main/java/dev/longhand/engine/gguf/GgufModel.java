package dev.longhand.engine.gguf;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A model in GGUF: one file, or the parts NAME-00001-of-0000N.gguf, of which the first has the
 * metadata. Tensors have the names of transformers, the settings those of a {@code config.json}, so
 * that readers of model folders read this, too.
 */
public final class GgufModel {
    /** The extension of the files. */
    public static final String ENDING = ".gguf";

    private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
    private static final int PARTS_MAX = 1000;

    private final GgufMetadata metadata;
    private final Map<GgufFile, Map<String, GgufTensor>> parts = new LinkedHashMap<>();
    private final Map<String, GgufTensor> tensors = new LinkedHashMap<>();

    private GgufModel(List<GgufFile> files) {
        metadata = files.getFirst().metadata();
        Heads heads = Heads.of(metadata);
        String architecture = ModelConstants.architecture(metadata);
        for (GgufFile file : files) {
            Map<String, GgufTensor> part = new LinkedHashMap<>();
            file.tensors()
                    .forEach(
                            (stored, tensor) -> {
                                String name =
                                        TensorNames.ofTransformers(
                                                file.path(), architecture, stored);
                                part.put(name, heads.ordered(name, tensor));
                            });
            for (Map.Entry<String, GgufTensor> tensor : part.entrySet()) {
                if (tensors.put(tensor.getKey(), tensor.getValue()) != null) {
                    throw new InputException(
                            "%s: %s is in another part of the model, too"
                                    .formatted(file.path(), ErrorText.quote(tensor.getKey())));
                }
            }
            parts.put(file, part);
        }
    }

    /**
     * Returns the GGUF file that a model's path denotes: the file itself, or the only model in a
     * folder without {@code config.json}; empty for other paths. Of a model in parts it is the
     * first one.
     *
     * @throws InputException if the folder has several
     */
    public static Optional<Path> file(Path model) {
        if (!Files.isDirectory(model)) {
            return model.toString().endsWith(ENDING)
                    ? Optional.of(firstPart(model))
                    : Optional.empty();
        }
        if (Files.exists(model.resolve("config.json"))) {
            return Optional.empty();
        }
        List<Path> found = models(model);
        if (found.size() > 1) {
            throw new InputException(
                    "%s: holds %d GGUF models; name the file of one, such as %s"
                            .formatted(
                                    ErrorText.path(model),
                                    found.size(),
                                    ErrorText.path(found.getFirst())));
        }
        return found.stream().findFirst();
    }

    private static List<Path> models(Path folder) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + ENDING)) {
            for (Path file : files) {
                if (file.equals(firstPart(file))) {
                    found.add(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // the reader of config.json reports it
        }
        Collections.sort(found);
        return found;
    }

    private static Path firstPart(Path file) {
        Matcher part = PART.matcher(String.valueOf(file.getFileName()));
        return part.matches()
                ? file.resolveSibling(name(part.group(1), 1, Integer.parseInt(part.group(3))))
                : file;
    }

    private static String name(String prefix, int part, int parts) {
        return "%s-%05d-of-%05d.gguf".formatted(prefix, part, parts);
    }

    /** Returns the name of a model without that of a part: NAME.gguf for each part of NAME. */
    public static String whole(String name) {
        Matcher part = PART.matcher(name);
        return part.matches() ? part.group(1) + ENDING : name;
    }

    /** Returns the paths of a model's files, given the only file or the first part. */
    public static List<Path> paths(Path file) {
        Matcher part = PART.matcher(String.valueOf(file.getFileName()));
        if (!part.matches()) {
            return List.of(file);
        }
        int parts = Math.min(PARTS_MAX, Integer.parseInt(part.group(3)));
        return IntStream.rangeClosed(1, parts)
                .mapToObj(i -> file.resolveSibling(name(part.group(1), i, parts)))
                .toList();
    }

    /**
     * Maps a model's files into an arena and checks their headers.
     *
     * @param file the only file, or the first part
     * @throws InputException if a file is missing, cannot be read or breaks the format
     */
    public static GgufModel open(Path file, Arena arena) {
        GgufFile first = GgufFile.open(file, arena);
        List<GgufFile> files = new ArrayList<>(List.of(first));
        int parts = first.metadata().integer("split.count", 0, PARTS_MAX).orElse(0);
        if (parts <= 1) {
            return new GgufModel(files);
        }
        Matcher part = PART.matcher(String.valueOf(file.getFileName()));
        if (!part.matches() || Integer.parseInt(part.group(3)) != parts) {
            throw first.metadata()
                    .refuse(
                            "split.count",
                            "is %d, so the file must be named NAME-00001-of-%05d.gguf"
                                    .formatted(parts, parts));
        }
        List<Path> paths = paths(file);
        for (int i = 2; i <= parts; i++) {
            GgufFile next = GgufFile.open(paths.get(i - 1), arena);
            checkPart(next, i, parts);
            files.add(next);
        }
        int wanted =
                first.metadata().integer("split.tensors.count", 0, Integer.MAX_VALUE).orElse(0);
        int found = files.stream().mapToInt(each -> each.tensors().size()).sum();
        if (wanted != 0 && wanted != found) {
            throw first.metadata()
                    .refuse(
                            "split.tensors.count",
                            "is %d, the parts have %d tensors".formatted(wanted, found));
        }
        return new GgufModel(files);
    }

    private static void checkPart(GgufFile file, int part, int parts) {
        GgufMetadata metadata = file.metadata();
        if (metadata.requiredInteger("split.count", 0, PARTS_MAX) != parts
                || metadata.requiredInteger("split.no", 0, PARTS_MAX) != part - 1) {
            throw metadata.refuse(
                    "split.no", "is not that of part %d of %d".formatted(part, parts));
        }
    }

    /** Returns the metadata of the model. */
    public GgufMetadata metadata() {
        return metadata;
    }

    /** Returns the tensors by their names in transformers. */
    public Map<String, GgufTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Returns the files in order, each with its tensors by their names in transformers. */
    public Map<GgufFile, Map<String, GgufTensor>> parts() {
        return Collections.unmodifiableMap(parts);
    }

    /**
     * Reads the model's constants.
     *
     * @return settings as in a {@code config.json}
     * @throws InputException if it is of another architecture, or a constant is missing
     */
    public static Settings config(Path file) {
        try (Arena arena = Arena.ofShared()) {
            GgufModel model = open(file, arena);
            return new ModelConstants(model, file).config();
        }
    }

    /**
     * Reads what the metadata say of the tokenizer.
     *
     * @return a {@code tokenizer.json} in UTF-8; empty if the file has no tokenizer
     * @throws InputException if the tokenizer is of another kind than those that are read
     */
    public static Optional<byte[]> tokenizer(Path file) {
        try (Arena arena = Arena.ofShared()) {
            return VocabularyJson.of(GgufFile.open(file, arena).metadata());
        }
    }

    /**
     * Reads the chat templates and the special tokens.
     *
     * @return settings as in a {@code tokenizer_config.json}
     */
    public static Settings tokenizerConfig(Path file) {
        try (Arena arena = Arena.ofShared()) {
            return TemplateSettings.of(file, GgufFile.open(file, arena).metadata());
        }
    }
}
