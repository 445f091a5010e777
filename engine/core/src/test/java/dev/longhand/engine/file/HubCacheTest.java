package dev.longhand.engine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Names on the Hub, and the folders of the local cache to which they lead. */
class HubCacheTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final String OTHER = "f".repeat(40);
    private static final String REPOSITORY = "models--Qwen--Qwen2.5-0.5B";

    @TempDir private Path folder;

    private Path snapshot(String commit) throws IOException {
        return Files.createDirectories(folder.resolve(REPOSITORY, "snapshots", commit));
    }

    private void reference(String revision, String text) throws IOException {
        Path file = folder.resolve(REPOSITORY, "refs", revision);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Optional<Path> found(String name) {
        return new HubCache(folder).find(HubName.parse(name).orElseThrow());
    }

    @Test
    void revisionsLeadToTheirSnapshots() throws IOException {
        Path main = snapshot(COMMIT);
        Path other = snapshot(OTHER);
        reference("main", COMMIT);
        reference("refs/pr/1", OTHER + "\n");
        assertEquals(Optional.of(main), found("Qwen/Qwen2.5-0.5B"));
        assertEquals(Optional.of(main), found("Qwen/Qwen2.5-0.5B@main"));
        assertEquals(Optional.of(other), found("Qwen/Qwen2.5-0.5B@refs/pr/1"));
        assertEquals(Optional.of(other), found("Qwen/Qwen2.5-0.5B@" + OTHER));
        assertEquals(Optional.empty(), found("Qwen/Qwen2.5-0.5B@v1"));
        assertEquals(Optional.empty(), found("Qwen/Qwen2.5-7B"));
    }

    /** A reference is text of a file; it cannot lead out of the snapshots. */
    @ParameterizedTest
    @ValueSource(strings = {"", "..", "../../..", "0123", COMMIT + "0", "/etc"})
    void referencesThatAreNoCommitsLeadNowhere(String text) throws IOException {
        snapshot(COMMIT);
        reference("main", text);
        assertEquals(Optional.empty(), found("Qwen/Qwen2.5-0.5B"));
    }

    @Test
    void aReferenceWithoutItsSnapshotLeadsNowhere() throws IOException {
        snapshot(COMMIT);
        reference("main", OTHER);
        assertEquals(Optional.empty(), found("Qwen/Qwen2.5-0.5B"));
    }

    @Test
    void aFolderOfThatNameIsMeantFirst() throws IOException {
        Path main = snapshot(COMMIT);
        reference("main", COMMIT);
        HubCache cache = new HubCache(folder);
        assertEquals(main, cache.resolve(folder, "Qwen/Qwen2.5-0.5B"));
        Path own = Files.createDirectories(folder.resolve("Qwen/Qwen2.5-0.5B"));
        assertEquals(own, cache.resolve(folder, "Qwen/Qwen2.5-0.5B"));
        assertEquals(folder.resolve("Qwen/other"), cache.resolve(folder, "Qwen/other"));
        assertEquals(Path.of("/no/where"), cache.resolve(folder, "/no/where"));
    }

    @Test
    void aSnapshotTellsItsRepository() {
        Path repository = folder.resolve(REPOSITORY);
        assertEquals(
                Optional.of("Qwen/Qwen2.5-0.5B"),
                HubCache.repositoryOf(repository.resolve("snapshots", COMMIT)));
        assertEquals(Optional.empty(), HubCache.repositoryOf(repository));
        assertEquals(Optional.empty(), HubCache.repositoryOf(folder.resolve("snapshots", COMMIT)));
        assertEquals(Optional.empty(), HubCache.repositoryOf(Path.of("/")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Qwen",
                "/Qwen",
                "Qwen/",
                "a/b/c",
                "../x",
                "a/..",
                "a/b--c",
                "a/b..c",
                ".a/b",
                "a/b@",
                "a/b@..",
                "a/b@../x",
                "a/b@x/../y",
                "a/b@/x",
                "a/b@x//y",
                "a/b c",
                "a/b\n",
                "a/b@x\u0000",
                ""
            })
    void otherTextsAreNoNames(String text) {
        assertEquals(Optional.empty(), HubName.parse(text));
    }

    @Test
    void longTextsAreNoNames() {
        assertTrue(HubName.parse("a/" + "b".repeat(94)).isPresent());
        assertFalse(HubName.parse("a/" + "b".repeat(95)).isPresent());
        assertFalse(HubName.parse("a/b@" + "c".repeat(201)).isPresent());
    }

    @Test
    void theEnvironmentNamesTheCache() {
        assertCache("/c", Map.of("HF_HUB_CACHE", "/c", "HF_HOME", "/h", "HOME", "/u"));
        assertCache("/old", Map.of("HUGGINGFACE_HUB_CACHE", "/old", "HF_HOME", "/h"));
        assertCache("/h/hub", Map.of("HF_HOME", "/h", "XDG_CACHE_HOME", "/x"));
        assertCache("/x/huggingface/hub", Map.of("XDG_CACHE_HOME", "/x", "HOME", "/u"));
        assertCache("/u/.cache/huggingface/hub", Map.of("HOME", "/u", "HF_HOME", ""));
        assertCache("/u/models", Map.of("HF_HUB_CACHE", "~/models", "HOME", "/u"));
        assertCache("/u", Map.of("HF_HUB_CACHE", "~", "HOME", "/u"));
    }

    private static void assertCache(String expected, Map<String, String> environment) {
        assertEquals(Path.of(expected), HubCache.of(environment).folder());
    }
}
