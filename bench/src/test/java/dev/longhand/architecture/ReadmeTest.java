package dev.longhand.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.app.Main;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** What the README shows exists. */
class ReadmeTest {
    private static final Path README =
            Path.of(System.getProperty("longhand.module.directory", "."), "..", "README.md");

    @TempDir private Path folder;

    @Test
    void theEmbeddingExampleCompiles() throws IOException {
        String readme = Files.readString(README);
        int begin = readme.indexOf("```java\n") + "```java\n".length();
        String source = readme.substring(begin, readme.indexOf("```", begin));
        Path file = Files.writeString(folder.resolve("Ask.java"), source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (var manager = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled =
                    compiler.getTask(
                                    messages,
                                    manager,
                                    null,
                                    List.of("-d", folder.toString(), "-proc:none"),
                                    null,
                                    manager.getJavaFileObjects(file))
                            .call();
            assertTrue(compiled, messages.toString());
        }
    }

    @Test
    void everyCommandIsDescribed() throws IOException {
        String readme = Files.readString(README);
        List<String> missing =
                new CommandLine(new Main())
                        .getSubcommands().keySet().stream()
                                .filter(command -> !readme.contains("| `" + command))
                                .toList();
        assertEquals(List.of(), missing);
    }
}
