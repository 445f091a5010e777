package dev.longhand.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.JavaProcess;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Nothing that lies in DJL's caches is loaded; broken files there would end the process. */
class TokenizerLibraryTest {
    private static final String CACHE = ".djl.ai/tokenizers/0.21.0-0.38.0-cpu-linux-x86_64";

    @TempDir private Path home;
    @TempDir private Path temporary;

    /** The process of the tests: encodes a text with the demo's tokenizer. */
    static final class Encode {
        private Encode() {}

        public static void main(String[] arguments) {
            int[] ids =
                    Tokenizer.open(Goldens.DEMO.resolve("checkpoint")).orElseThrow().encode("17");
            System.out.println("ids: " + ids.length);
        }
    }

    @BeforeEach
    void plant() throws IOException {
        for (Path place : List.of(home, temporary)) {
            Path cache = Files.createDirectories(place.resolve(CACHE));
            Files.writeString(cache.resolve("libtokenizers.so"), "planted");
        }
    }

    private JavaProcess run(Path folder) throws IOException, InterruptedException {
        return JavaProcess.run(
                Encode.class,
                List.of("-Duser.home=" + home, "-Djava.io.tmpdir=" + folder),
                Map.of("HOME", home.toString(), "TMPDIR", folder.toString()));
    }

    @Test
    void plantedFilesAreNotLoaded() throws IOException, InterruptedException {
        JavaProcess process = run(temporary);
        assertEquals(0, process.status(), process.output());
        assertTrue(process.output().contains("ids: 2"), process.output());
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(List.of(), left.filter(each -> !isPlanted(each)).toList());
        }
    }

    private static boolean isPlanted(Path file) {
        return file.getFileName().toString().equals(".djl.ai")
                || file.getFileName().toString().startsWith("hsperfdata");
    }

    @Test
    void aMissingTemporaryFolderIsNamed() throws IOException, InterruptedException {
        JavaProcess process = run(temporary.resolve("missing"));
        assertEquals(1, process.status(), process.output());
        assertTrue(
                process.output().contains("the tokenizer library cannot be loaded"),
                process.output());
    }
}
