package dev.longhand.app.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.HubCache;
import dev.longhand.engine.file.HubName;

import org.junit.jupiter.api.Test;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;

/** What is fetched, and how it lies in the cache afterwards. */
class PullTest extends HubTest {
    private static final String SHARD_1 = "model-00001-of-00002.safetensors";
    private static final String SHARD_2 = "model-00002-of-00002.safetensors";

    @Test
    void theLayoutIsThatOfTheHubsTools() throws Exception {
        model();
        Pull.Result result = pull("org/model");
        Path snapshot = repository().resolve("snapshots", HubServer.COMMIT);
        assertEquals(snapshot, result.folder());
        assertEquals(HubServer.COMMIT, Files.readString(repository().resolve("refs/main")));
        String small = HubServer.gitHash("{}".getBytes());
        String other = HubServer.gitHash("{\"a\": 1}".getBytes());
        String large = HubServer.sha256(WEIGHTS);
        assertEquals(
                new TreeSet<>(List.of(small, other, large)), files(repository().resolve("blobs")));
        assertEquals(
                Path.of("../../blobs/" + large),
                Files.readSymbolicLink(snapshot.resolve("model.safetensors")));
        assertArrayEquals(WEIGHTS, Files.readAllBytes(snapshot.resolve("model.safetensors")));
        assertEquals("{}", Files.readString(snapshot.resolve("config.json")));
        assertEquals(
                snapshot,
                new HubCache(cache).find(HubName.parse("org/model").orElseThrow()).orElseThrow());
        assertEquals(3, result.files());
        assertEquals(WEIGHTS.length + 10, result.bytes());
        assertEquals(WEIGHTS.length + 10, result.fetchedBytes());
    }

    @Test
    void aSecondPullFetchesNothing() throws Exception {
        model();
        pull("org/model");
        server.requests().clear();
        Pull.Result result = pull("org/model");
        assertEquals(0, result.fetchedBytes());
        assertEquals(1, server.requests().size(), server.requests().toString());
    }

    @Test
    void onlyWhatTheEngineReadsIsFetched() throws Exception {
        model().with("generation_config.json", "{}")
                .with("chat_template.jinja", "x")
                .with("additional_chat_templates/tools.jinja", "y")
                .with("README.md", "z")
                .with("pytorch_model.bin", "w")
                .with("original/consolidated.safetensors", "v")
                .with("consolidated.safetensors", "v")
                .with("q4.gguf", "u")
                .with("adapter_config.json", "not an adapter: no weights");
        assertEquals(
                List.of(
                        "additional_chat_templates/tools.jinja",
                        "chat_template.jinja",
                        "config.json",
                        "generation_config.json",
                        "model.safetensors",
                        "tokenizer.json"),
                List.copyOf(files(pull("org/model").folder())));
    }

    @Test
    void theIndexNamesTheShards() throws Exception {
        model().with(
                        "model.safetensors.index.json",
                        "{\"weight_map\": {\"a\": \"%s\", \"b\": \"%s\", \"c\": \"%s\"}}"
                                .formatted(SHARD_1, SHARD_2, SHARD_1))
                .with(SHARD_1, "one")
                .with(SHARD_2, "two")
                .with("model-00003-of-00002.safetensors", "of another model");
        Path folder = pull("org/model").folder();
        assertEquals(
                List.of(
                        "config.json",
                        SHARD_1,
                        SHARD_2,
                        "model.safetensors.index.json",
                        "tokenizer.json"),
                List.copyOf(files(folder)));
        assertEquals("two", Files.readString(folder.resolve(SHARD_2)));
    }

    @Test
    void adapters() throws Exception {
        server.with("adapter_config.json", "{}")
                .with("adapter_model.safetensors", "a")
                .with("tokenizer.json", "{}")
                .with("checkpoint-10/adapter_model.safetensors", "b");
        assertEquals(
                List.of("adapter_config.json", "adapter_model.safetensors"),
                List.copyOf(files(pull("org/model").folder())));
    }

    @Test
    void equalFilesAreFetchedOnce() throws Exception {
        model().with("generation_config.json", "{}");
        assertEquals(4, files(pull("org/model").folder()).size());
        assertEquals(
                1,
                asked(server.requests(), "config.json")
                        + asked(server.requests(), "generation_config.json"));
    }

    @Test
    void patternsChooseFiles() throws Exception {
        model().with("x-Q4_K_M.gguf", "4").with("x-Q8_0.gguf", "8").with("sub dir/a+b.gguf", "s");
        assertEquals(
                List.of("sub dir/a+b.gguf", "x-Q4_K_M.gguf"),
                List.copyOf(files(pull("org/model", "*Q4*.gguf", "sub*").folder())));
        String encoded = HubServer.path("sub%20dir/a%2Bb.gguf");
        assertTrue(
                server.requests().stream().anyMatch(each -> each.contains(encoded + " ")),
                server.requests().toString());
        InputException none = assertThrows(InputException.class, () -> pull("org/model", "*Q5*"));
        assertTrue(none.getMessage().contains("no file matches \"*Q5*\""), none.getMessage());
    }

    @Test
    void theOnlyGgufModelIsFetchedWithAllOfItsParts() throws Exception {
        server.with("m-Q4_0-00001-of-00002.gguf", "1")
                .with("m-Q4_0-00002-of-00002.gguf", "2")
                .with("mmproj-m.gguf", "sees")
                .with("m.imatrix.gguf", "counts")
                .with("config.json", "{}")
                .with("generation_config.json", "{ }")
                .with("sub/m-Q8_0.gguf", "elsewhere");
        List<String> parts = List.of("m-Q4_0-00001-of-00002.gguf", "m-Q4_0-00002-of-00002.gguf");
        assertEquals(parts, List.copyOf(files(pull("org/model", "*Q4_0.gguf").folder())));
        assertEquals(parts, List.copyOf(files(pull("org/model", parts.getLast()).folder())));
        assertEquals(
                List.of("generation_config.json", parts.getFirst(), parts.getLast()),
                List.copyOf(files(pull("org/model").folder())));
    }

    @Test
    void oneOfSeveralGgufModelsMustBeNamed() throws Exception {
        server.with("m-Q4_0-00001-of-00002.gguf", "1")
                .with("m-Q4_0-00002-of-00002.gguf", "2")
                .with("m-Q8_0.gguf", "8")
                .with("m-F16-00001-of-00002.gguf", "half");
        InputException several = assertThrows(InputException.class, () -> pull("org/model"));
        assertTrue(
                several.getMessage()
                        .endsWith("one must be named: m-F16.gguf, m-Q4_0.gguf, m-Q8_0.gguf"),
                several.getMessage());
        InputException part = assertThrows(InputException.class, () -> pull("org/model", "m-F16*"));
        assertTrue(
                part.getMessage().endsWith("lacks m-F16-00002-of-00002.gguf, a part of a model"),
                part.getMessage());
        assertEquals(
                List.of("m-Q8_0.gguf"),
                List.copyOf(files(pull("org/model", "m-Q8_0.gguf").folder())));
    }

    @Test
    void revisions() throws Exception {
        model();
        pull("org/model@refs/pr/1");
        assertTrue(
                server.requests().getFirst().contains("/revision/refs%2Fpr%2F1 "),
                server.requests().getFirst());
        assertEquals(List.of("refs/pr/1"), List.copyOf(files(repository().resolve("refs"))));
        pull("org/model@" + HubServer.COMMIT);
        assertEquals(List.of("refs/pr/1"), List.copyOf(files(repository().resolve("refs"))));
    }

    /** A store is another host; the token is the Hub's alone. */
    @Test
    void theTokenStaysOnTheHub() throws Exception {
        model();
        pull("org/model");
        for (String request : server.requests()) {
            assertEquals(request.startsWith("hub"), request.endsWith(" Bearer hf_secret"), request);
        }
        assertEquals(2, asked(server.requests(), "model.safetensors"));
    }
}
