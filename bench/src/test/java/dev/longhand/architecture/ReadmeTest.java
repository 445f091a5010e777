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
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The pages show what exists. */
class ReadmeTest {
    private static final Path ROOT =
            Path.of(System.getProperty("longhand.module.directory", "."), "..");
    private static final int README_LINES_MAX = 130;

    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(#[^)]*)?\\)");

    @TempDir private Path folder;

    @Test
    void theEmbeddingExampleCompiles() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
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
        String page = Files.readString(ROOT.resolve("engine/app/README.md"));
        List<String> missing =
                new CommandLine(new Main())
                        .getSubcommands().keySet().stream()
                                .filter(command -> !page.contains("| `" + command))
                                .toList();
        assertEquals(List.of(), missing);
    }

    @Test
    void theReadmeIsOnePage() throws IOException {
        List<String> lines = Files.readAllLines(ROOT.resolve("README.md"));
        assertTrue(lines.size() <= README_LINES_MAX, "README.md has " + lines.size() + " lines");
    }

    /** Links of every Markdown page, to files of the tree, lead somewhere. */
    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> dead = new ArrayList<>();
        try (Stream<Path> pages = Files.walk(ROOT)) {
            for (Path page : pages.filter(ReadmeTest::isPage).toList()) {
                Matcher links = LINK.matcher(Files.readString(page));
                while (links.find()) {
                    Path target = page.resolveSibling(links.group(1));
                    if (!links.group(1).contains(":") && !Files.exists(target)) {
                        dead.add(page + ": " + links.group(1));
                    }
                }
            }
        }
        assertEquals(List.of(), dead);
    }

    private static boolean isPage(Path file) {
        return file.toString().endsWith(".md") && !file.toString().contains("/target/");
    }
}
