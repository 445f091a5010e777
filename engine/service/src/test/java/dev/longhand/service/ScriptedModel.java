package dev.longhand.service;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The main class that writes the scripted checkpoint to a folder for the scripts of real clients,
 * and prints the first token of each script that they use: they choose a script by biasing it. It
 * prints the tokens by which JSON ends, too: answers in a format end if they are likely.
 */
final class ScriptedModel {
    private static final List<String> SCRIPTS = List.of("hello", "tool6", "think1");

    private static final Map<String, String> ENDS =
            Map.of("quote", "\"", "bracket", "]", "brace", "}");

    private ScriptedModel() {}

    /** Writes to the folder that the argument names. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[0]));
        ScriptedCheckpoint checkpoint = ScriptedCheckpoint.write(folder);
        for (String script : SCRIPTS) {
            System.out.println("export " + script + "=" + checkpoint.start(script));
        }
        ENDS.forEach(
                (name, end) -> System.out.println("export " + name + "=" + checkpoint.token(end)));
    }
}
