package dev.longhand.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Sizes that keep the sources readable: files, methods, lines; generated code apart. */
class SourceRulesTest {
    private static final Path ROOT =
            Path.of(System.getProperty("longhand.module.directory", "."), "..").normalize();
    private static final int FILE_LINES_MAX = 400;
    private static final int METHOD_LINES_MAX = 70;
    private static final int LINE_CHARACTERS_MAX = 110;
    private static final int PACKAGES_OF_CORE = 6;
    private static final List<String> ENDINGS =
            List.of(".java", ".c", ".h", ".cpp", ".hpp", ".inc", ".cu", ".cuh", ".py", ".sh");

    private static final Pattern COMMAND_LINE_OPTION = Pattern.compile("(^|[^-])--[a-z]");

    /** What bindings pass to the PTX compiler. */
    private static final Set<String> OPTIONS_OF_NVIDIA = Set.of("--gpu-name=", "--verbose");

    private static List<Path> sources(String ending) throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module : List.of("bindings", "kernels", "engine", "bench")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module))) {
                files.filter(file -> file.toString().endsWith(ending))
                        .filter(file -> file.toString().contains("/src/"))
                        .filter(file -> !file.toString().contains("/target/"))
                        .filter(file -> !file.toString().contains("generated"))
                        .forEach(sources::add);
            }
        }
        return sources;
    }

    @Test
    void filesAndLinesAreShort() throws IOException {
        List<String> tooLong = new ArrayList<>();
        int seen = 0;
        for (String ending : ENDINGS) {
            for (Path file : sources(ending)) {
                seen++;
                List<String> lines = Files.readAllLines(file);
                if (lines.size() > FILE_LINES_MAX) {
                    tooLong.add(file + " has " + lines.size() + " lines");
                }
                for (int i = 0; i < lines.size(); i++) {
                    if (lines.get(i).length() > LINE_CHARACTERS_MAX) {
                        tooLong.add(
                                file + ":" + (i + 1) + " is " + lines.get(i).length() + " wide");
                    }
                }
            }
        }
        assertTrue(seen > 100, "looked at " + seen + " files only");
        assertEquals(List.of(), tooLong);
    }

    @Test
    void methodsAreShort() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> tooLong = new ArrayList<>();
        try (var manager = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task =
                    (JavacTask)
                            compiler.getTask(
                                    null,
                                    manager,
                                    null,
                                    List.of("-proc:none"),
                                    null,
                                    manager.getJavaFileObjectsFromPaths(sources(".java")));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitMethod(MethodTree method, Void nothing) {
                        long first = unit.getLineMap().getLineNumber(start(method));
                        long last =
                                unit.getLineMap()
                                        .getLineNumber(positions.getEndPosition(unit, method));
                        if (last - first >= METHOD_LINES_MAX) {
                            tooLong.add(unit.getSourceFile().getName() + " " + method.getName());
                        }
                        return super.visitMethod(method, nothing);
                    }

                    private long start(MethodTree method) {
                        return positions.getStartPosition(unit, method);
                    }
                }.scan(unit, null);
            }
        }
        assertEquals(List.of(), tooLong);
    }

    /** An embedder sees few packages; others are for the project's own modules, by name. */
    @Test
    void coreExportsFewPackages() throws IOException {
        Path module = ROOT.resolve("engine/core/src/main/java/module-info.java");
        List<String> toAll =
                Files.readAllLines(module).stream()
                        .map(String::strip)
                        .filter(line -> line.startsWith("exports ") && line.endsWith(";"))
                        .toList();
        assertEquals(PACKAGES_OF_CORE, toAll.size(), toAll.toString());
    }

    /** An embedder has no command line: errors of the library name the settings of its API. */
    @Test
    void librariesNameNoOptionsOfTheCommandLine() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> found = new ArrayList<>();
        try (var manager = compiler.getStandardFileManager(null, null, null)) {
            List<Path> libraries =
                    sources(".java").stream()
                            .filter(file -> file.toString().contains("/src/main/"))
                            .filter(file -> !file.toString().contains("/app/"))
                            .filter(file -> !file.startsWith(ROOT.resolve("bench")))
                            .toList();
            assertTrue(libraries.size() > 100, "looked at " + libraries.size() + " files only");
            JavacTask task =
                    (JavacTask)
                            compiler.getTask(
                                    null,
                                    manager,
                                    null,
                                    List.of("-proc:none"),
                                    null,
                                    manager.getJavaFileObjectsFromPaths(libraries));
            for (CompilationUnitTree unit : task.parse()) {
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitLiteral(LiteralTree literal, Void nothing) {
                        if (literal.getValue() instanceof String text
                                && COMMAND_LINE_OPTION.matcher(text).find()
                                && !OPTIONS_OF_NVIDIA.contains(text)) {
                            found.add(unit.getSourceFile().getName() + ": " + text);
                        }
                        return super.visitLiteral(literal, nothing);
                    }
                }.scan(unit, null);
            }
        }
        assertEquals(List.of(), found);
    }
}
