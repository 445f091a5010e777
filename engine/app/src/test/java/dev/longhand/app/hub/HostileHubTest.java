package dev.longhand.app.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.HubName;
import dev.longhand.engine.status.LoadProgress;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Refusals, failures and lies of a Hub: one clear line each, and nothing outside the cache. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HostileHubTest {
    private static final Retries.Rule RULE = new Retries.Rule(2, 1);
    private static final HubConnection.Timeouts TIMEOUTS = new HubConnection.Timeouts(5000, 200);
    private static final String WEIGHTS = HubServer.path("model.safetensors");

    @TempDir private Path folder;
    private Path cache;
    private HubServer server;

    @BeforeEach
    void start() throws IOException {
        cache = folder.resolve("cache");
        server = new HubServer().with("config.json", "{}").with("model.safetensors", "weights");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void pull(HubAccess access, String... patterns) throws Exception {
        try (HubConnection hub = new HubConnection(access, TIMEOUTS)) {
            HubName name = HubName.parse(HubServer.REPOSITORY).orElseThrow();
            new Pull(hub, name, RULE, LoadProgress.SILENT).run(List.of(patterns));
        }
    }

    private String refused(Class<? extends Exception> kind, String... patterns) {
        return refused(kind, server.access(cache, null), patterns);
    }

    private String refused(Class<? extends Exception> kind, HubAccess access, String... patterns) {
        String message = assertThrows(kind, () -> pull(access, patterns)).getMessage();
        assertEquals(1, message.lines().count(), message);
        assertFalse(
                Files.exists(cache.resolve("models--org--model/refs/main")),
                "the name leads to a pull that failed");
        return message;
    }

    private void status(String path, int status, @Nullable String code) {
        server.answer(
                path,
                exchange -> {
                    if (code != null) {
                        exchange.getResponseHeaders().add("X-Error-Code", code);
                    }
                    HubServer.send(exchange, status, "{\"error\": \"x\"}".getBytes());
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401 | RepoNotFound | false | without a token (401): the name is wrong, or"
                        + " HF_TOKEN",
                "401 | GatedRepo | false | its licence must be accepted on the Hub's page first",
                "403 | GatedRepo | true | its licence must be accepted on the Hub's page first",
                "401 | | true | refuses it with this token (401)",
                "403 | | true | refuses it with this token (403)",
                "404 | RepoNotFound | true | has no such repository (404)",
                "404 | RevisionNotFound | true | but no such revision (404)",
            })
    void refusals(int status, @Nullable String code, boolean token, String expected) {
        status(HubServer.LISTING, status, code);
        String message =
                refused(InputException.class, server.access(cache, token ? "hf_secret" : null));
        assertTrue(message.startsWith("org/model: "), message);
        assertTrue(message.contains(expected), message);
        assertEquals(1, server.requests().size(), "a refusal is not asked for again");
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void failuresAreTriedAgain(int status) {
        status(HubServer.LISTING, status, null);
        String message = refused(TransientFailure.class);
        assertTrue(message.contains(String.valueOf(status)), message);
        assertEquals(3, server.requests().size());
    }

    @Test
    void aHubThatWantsALongPauseIsLeftAlone() {
        server.answer(
                HubServer.LISTING,
                exchange -> {
                    exchange.getResponseHeaders().add("Retry-After", "300");
                    HubServer.send(exchange, 429, new byte[0]);
                });
        String message = refused(TransientFailure.class);
        assertTrue(message.contains("(429), and wants a pause of 300 s"), message);
        assertEquals(1, server.requests().size());
    }

    @Test
    void nobodyAnswers() throws Exception {
        int port;
        try (ServerSocket unused = new ServerSocket(0)) {
            port = unused.getLocalPort();
        }
        HubAccess access =
                new HubAccess(
                        URI.create("http://127.0.0.1:" + port),
                        null,
                        server.access(cache, null).cache());
        String message = refused(TransientFailure.class, access);
        assertTrue(message.contains("127.0.0.1 cannot be reached"), message);
    }

    /** A link of the store that has expired is asked for anew at the Hub. */
    @Test
    void anExpiredLinkIsRenewed() {
        server.answer(
                WEIGHTS,
                exchange -> {
                    if (isStore(exchange)) {
                        HubServer.send(exchange, 403, new byte[0]);
                    } else {
                        HubServer.redirect(exchange, server.storeAddress() + WEIGHTS);
                    }
                });
        refused(TransientFailure.class);
        assertEquals(3, server.requests().stream().filter(r -> r.startsWith("store")).count());
    }

    private boolean isStore(HttpExchange exchange) {
        return exchange.getLocalAddress().getPort() == server.storeAddress().getPort();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../evil",
                "a/../../evil",
                "/etc/evil",
                "a//evil",
                "./evil",
                "a/./evil",
                "evil/",
                "a\\\\evil",
                "evil\\u0000",
                "evil\\u001b[31m",
                ".."
            })
    void pathsThatLeadOut(String path) throws IOException {
        list(
                "{\"rfilename\": \"%s\", \"size\": 1, \"blobId\": \"%s\"}"
                        .formatted(path, "a".repeat(40)));
        String message = refused(InputException.class, "*");
        assertTrue(message.contains("which is no path within a repository"), message);
        assertNoFiles();
    }

    private void list(String file) {
        server.list("{\"sha\": \"%s\", \"siblings\": [%s]}".formatted(HubServer.COMMIT, file));
    }

    private void assertNoFiles() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> left =
                    files.filter(Files::isRegularFile)
                            .filter(file -> !file.endsWith("longhand.lock"))
                            .toList();
            assertEquals(List.of(), left);
        }
    }

    /** Hashes become names of files. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"rfilename\": \"x\", \"size\": 1, \"blobId\": \"../../../evil\"}",
                "{\"rfilename\": \"x\", \"size\": 1}",
                "{\"rfilename\": \"x\", \"blobId\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
                "{\"rfilename\": \"x\", \"size\": -1,"
                        + " \"blobId\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
                "{\"rfilename\": \"x\", \"size\": 9223372036854775807,"
                        + " \"blobId\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
                "{\"rfilename\": \"x\", \"size\": 1,"
                        + " \"blobId\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
                        + " \"lfs\": {\"sha256\": \"../evil\", \"size\": 1}}",
                "{\"rfilename\": 1}",
                "{}",
                "1"
            })
    void filesWithoutSizeOrHash(String file) throws IOException {
        list(file);
        refused(InputException.class, "*");
        assertNoFiles();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "[]", "{}", "{\"sha\": \"..\"}", "{\"sha\": \"abc\"}"})
    void answersThatAreNoList(String json) throws IOException {
        server.list(json.isEmpty() ? " " : json);
        refused(InputException.class);
        assertNoFiles();
    }

    @Test
    void moreThanTheDiskHolds() throws IOException {
        list(
                "{\"rfilename\": \"x\", \"size\": 1000000000000000, \"blobId\": \"%s\"}"
                        .formatted("a".repeat(40)));
        String message = refused(InputException.class, "*");
        assertTrue(message.startsWith("org/model needs 1000000.0 GB more, and the disk"), message);
        assertNoFiles();
    }

    /** The bytes after the listed size are not read, and the hash tells. */
    @Test
    void endlessBodies() throws IOException {
        server.answer(WEIGHTS, HostileHubTest::endless);
        String message = refused(IOException.class);
        assertTrue(message.contains("is not the file that the Hub lists"), message);
        assertFalse(message.contains("secret"), message);
        try (Stream<Path> blobs = Files.list(cache.resolve("models--org--model/blobs"))) {
            assertEquals(
                    List.of(HubServer.gitHash("{}".getBytes())),
                    blobs.map(blob -> blob.getFileName().toString()).toList());
        }
    }

    @Test
    void endlessLists() {
        server.answer(HubServer.LISTING, HostileHubTest::endless);
        String message = refused(IOException.class);
        assertTrue(message.contains("the Hub's answer is longer than"), message);
    }

    private static void endless(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        byte[] junk = " ".repeat(1 << 20).getBytes();
        try (OutputStream out = exchange.getResponseBody()) {
            for (int i = 0; i < 1000; i++) {
                out.write(junk);
            }
        } catch (IOException e) {
            // the client has gone, as it should
        }
    }

    @Test
    void bodiesThatAreTooShort() {
        server.answer(WEIGHTS, exchange -> HubServer.part(exchange, "weigh".getBytes()));
        String message = refused(IOException.class);
        assertTrue(message.contains("weights") || message.contains("safetensors"), message);
    }

    @Test
    void bodiesThatStall() {
        server.answer(
                WEIGHTS,
                exchange -> {
                    exchange.sendResponseHeaders(200, 7);
                    exchange.getResponseBody().write('w');
                    exchange.getResponseBody().flush();
                    try {
                        Thread.sleep(1000);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
        String message = refused(TransientFailure.class);
        assertTrue(message.contains("nothing came for"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes 1-6/7", "bytes x", "", "bytes 99999999999999999999-"})
    void partsThatWereNotAskedFor(String range) {
        server.answer(
                WEIGHTS,
                exchange -> {
                    exchange.getResponseHeaders().add("Content-Range", range);
                    HubServer.send(exchange, 206, "eights".getBytes());
                });
        refused(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:///etc/passwd",
                "ftp://127.0.0.1/x",
                "http://user:password@127.0.0.1/x",
                "http://",
                "::",
                "javascript:1",
                ""
            })
    void redirectsThatAreNotFollowed(String target) {
        server.answer(WEIGHTS, exchange -> HubServer.redirect(exchange, target));
        String message = refused(IOException.class);
        assertTrue(message.contains("which is not followed"), message);
    }

    @Test
    void redirectsWithoutEnd() {
        server.answer(WEIGHTS, exchange -> HubServer.redirect(exchange, WEIGHTS));
        String message = refused(IOException.class);
        assertTrue(message.contains("redirects more than 8 times"), message);
    }

    @Test
    void anIndexThatNamesOtherPlaces() {
        server.with(
                "model.safetensors.index.json",
                "{\"weight_map\": {\"a\": \"../../evil.safetensors\"}}");
        String message = refused(InputException.class);
        assertTrue(message.contains("is not the name of a shard"), message);
        server.with(
                "model.safetensors.index.json", "{\"weight_map\": {\"a\": \"evil.safetensors\"}}");
        message = refused(InputException.class);
        assertTrue(message.startsWith("org/model: model.safetensors.index.json names"), message);
        assertTrue(message.contains("which the repository lacks"), message);
    }

    @Test
    void wordsOfTheServerCannotControlATerminal() {
        server.answer(
                HubServer.LISTING,
                exchange -> {
                    exchange.getResponseHeaders().add("X-Error-Message", "no\u0085\u009b31m");
                    HubServer.send(exchange, 404, new byte[0]);
                });
        String message = refused(InputException.class);
        assertFalse(message.chars().anyMatch(Character::isISOControl), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a-Q4.gguf b-Q8.gguf | holds GGUF files, of which one must be named: a-Q4.gguf,",
                "config.json pytorch_model.bin | has no weights in safetensors, only config.json,",
                "README.md | is neither a model nor an adapter: it has no config.json; there are",
                "'' | is neither a model nor an adapter: it has no config.json; there are no files"
            })
    void repositoriesOfOtherKinds(String files, String expected) throws IOException {
        try (HubServer other = new HubServer()) {
            for (String file : files.split(" ")) {
                if (!file.isEmpty()) {
                    other.with(file, "x");
                }
            }
            String message = refused(InputException.class, other.access(cache, null));
            assertTrue(message.startsWith("org/model " + expected), message);
        }
    }

    @Test
    void aCacheThatCannotBeWritten() throws IOException {
        Files.writeString(cache, "a file");
        String message =
                assertThrows(InputException.class, () -> pull(server.access(cache, null)))
                        .getMessage();
        assertTrue(message.startsWith(cache + ": cannot be written ("), message);
    }
}
