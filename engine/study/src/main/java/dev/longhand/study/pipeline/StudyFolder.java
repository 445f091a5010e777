package dev.longhand.study.pipeline;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.FolderTree;
import dev.longhand.engine.file.Sha256;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The folder of a study. Each stage has a folder there, {@code stages/NAME}, and beside it its key
 * ({@code NAME.key.json}: the arguments and the hashes of what they name), its log and, once it has
 * ended well, {@code NAME.done.json}. A stage whose key has changed begins anew; one whose key is
 * the same is skipped if it is done, else it goes on where it was.
 */
public final class StudyFolder {
    private final Path folder;
    private final Path stages;
    private final Path here;
    private final ContentHashes hashes;

    /** How far a stage is. */
    public enum State {
        /** It has ended, with the key that it has now. */
        DONE,
        /** It was begun with the key that it has now. */
        BEGUN,
        /** It was not begun, or with another key. */
        NEW,
        /** Its key is not known yet, since stages that it needs are not done. */
        WAITING
    }

    /**
     * Opens a folder, which need not exist.
     *
     * @param here the folder of the configuration
     */
    public StudyFolder(Path folder, Path here) {
        this.folder = folder.toAbsolutePath().normalize();
        this.here = here.toAbsolutePath().normalize();
        stages = this.folder.resolve("stages");
        hashes = new ContentHashes(this.folder.resolve("hashes.json"));
    }

    /** The folder itself. */
    public Path path() {
        return folder;
    }

    /** The folder of a stage. */
    public Path of(Stage stage) {
        return stages.resolve(stage.name());
    }

    /** The log of a stage: what its command printed. */
    public Path log(Stage stage) {
        return stages.resolve(stage.name() + ".log");
    }

    private Path key(Stage stage) {
        return stages.resolve(stage.name() + ".key.json");
    }

    private Path done(Stage stage) {
        return stages.resolve(stage.name() + ".done.json");
    }

    /** Returns the arguments of a stage with folders in place of their names. */
    public List<String> arguments(Stage stage) {
        Map<String, Path> folders = new HashMap<>();
        stage.needs().forEach(name -> folders.put(name, stages.resolve(name)));
        folders.put(Stage.STUDY, folder);
        folders.put(Stage.HERE, here);
        return stage.resolved(folders, of(stage));
    }

    /** Returns how far a stage is, given the stages that are done. */
    public State state(Stage stage, Set<String> done) throws IOException {
        if (!done.containsAll(stage.needs())) {
            return State.WAITING;
        }
        String key = keyOf(stage);
        if (!key.equals(read(key(stage)))) {
            return State.NEW;
        }
        return Sha256.hex(key).equals(doneField(stage, "key")) ? State.DONE : State.BEGUN;
    }

    /** The seconds that a stage took; 0 if it is not done. */
    public double seconds(Stage stage) {
        String seconds = doneField(stage, "seconds");
        return seconds == null ? 0 : Double.parseDouble(seconds);
    }

    private @Nullable String doneField(Stage stage, String field) {
        String text = read(done(stage));
        if (text == null) {
            return null;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return JsonLine.parse(done(stage).toString(), bytes).object().path(field).asString();
    }

    /** Prepares the folder of a stage: empty, unless it was begun with this key. */
    void begin(Stage stage) throws IOException {
        Files.createDirectories(stages);
        String key = keyOf(stage);
        Files.deleteIfExists(done(stage));
        if (!key.equals(read(key(stage)))) {
            FolderTree.delete(of(stage));
            Files.deleteIfExists(log(stage));
            DurableFiles.replace(key(stage), key);
        }
        Files.createDirectories(of(stage));
    }

    /** Notes that a stage has ended well, with the key with which it was begun. */
    void end(Stage stage, double seconds) throws IOException {
        String begun = Files.readString(key(stage));
        ObjectNode json = JsonLine.newObject();
        json.put("key", Sha256.hex(begun));
        json.put("seconds", seconds);
        DurableFiles.replace(done(stage), json.toPrettyString());
        hashes.save();
    }

    /** Remembers the hashes that were computed. */
    void save() throws IOException {
        hashes.save();
    }

    /** The arguments as written and the hash of each file or folder that they name. */
    private String keyOf(Stage stage) throws IOException {
        ObjectNode key = JsonLine.newObject();
        ArrayNode arguments = key.putArray("arguments");
        stage.arguments().forEach(arguments::add);
        Map<String, String> inputs = new TreeMap<>();
        List<String> resolved = arguments(stage);
        for (int i = 0; i < resolved.size(); i++) {
            String argument = resolved.get(i);
            Path path = Path.of(argument.substring(argument.lastIndexOf('=') + 1));
            boolean own = path.isAbsolute() && path.startsWith(of(stage));
            if (i > 0 && !own && !path.toString().isEmpty() && Files.exists(path)) {
                inputs.put(stage.arguments().get(i), hashes.of(path));
            }
        }
        ObjectNode hashed = key.putObject("inputs");
        inputs.forEach(hashed::put);
        return key.toPrettyString();
    }

    private static @Nullable String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return null;
        }
    }
}
