package dev.longhand.app.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.service.ClientRules;
import dev.longhand.service.Listener;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.http.OpenAiServer;
import dev.longhand.study.keywords.ReflectionKeywords;
import dev.longhand.study.result.ScoredRun;
import dev.longhand.study.result.StudyResults;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The page as a browser gets it, from a server that has a token. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServedPageTest {
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"(/[^\"#]*)\"");
    private static final Pattern IMPORT = Pattern.compile("from \"\\./([a-z]+\\.js)\"");
    private static final ScoredRun BASE = run("original");
    private static final ScoredRun LONG = run("correct");

    private Path folder;
    private final HttpClient client = HttpClient.newHttpClient();
    private Engine engine;
    private OpenAiServer server;

    private static ScoredRun run(String row) {
        return new ScoredRun(row, "p.jsonl", row + ".g", row + ".s", row + ".summary");
    }

    @BeforeAll
    void serve(@TempDir Path results) throws IOException {
        folder = results;
        Files.writeString(
                folder.resolve("p.jsonl"),
                """
                {"id":"a","benchmark":"demo","question":"1 + 1?","answers":["2"]}
                {"id":"b","benchmark":"demo","question":"2 + 2?","answers":["4"]}
                {"id":"c","benchmark":"other","question":"3 + 3?","answers":["6"]}
                """);
        write(BASE, "2", "5", "7");
        write(LONG, "2", "4", "7");
        Files.writeString(folder.resolve("figure2.svg"), "<svg/>");
        Files.writeString(folder.resolve("report.md"), "It learns.");
        results("figure2.svg").write(folder);
        engine =
                Engine.open(
                        EngineConfig.of(Goldens.DEMO.resolve("checkpoint"))
                                .withDevice(Device.CPU)
                                .withThreads(1)
                                .withSequencesMax(2));
        ServiceLimits limits = ServiceLimits.DEFAULT;
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        server =
                new OpenAiServer(
                        new Service(engine, "demo", null),
                        Listener.bind(any),
                        limits,
                        ClientRules.OPEN.withToken("secret"),
                        new ServedPage(folder));
    }

    private static StudyResults results(String chart) {
        return new StudyResults(
                "small",
                JsonLine.newObject().put("commit", "abc"),
                "report.md",
                "",
                List.of(chart),
                List.of(BASE, LONG));
    }

    private void write(ScoredRun run, String... answers) throws IOException {
        StringBuilder texts = new StringBuilder();
        StringBuilder scores = new StringBuilder();
        for (int i = 0; i < answers.length; i++) {
            String id = "abc".substring(i, i + 1);
            boolean right = answers[i].equals("" + (2 * i + 2));
            texts.append("{\"id\":\"%s\",\"text\":\"Wait. %s\"}\n".formatted(id, answers[i]));
            scores.append("{\"id\":\"%s\",\"correct\":%b}\n".formatted(id, right));
        }
        Files.writeString(folder.resolve(run.generations()), texts);
        Files.writeString(folder.resolve(run.scores()), scores);
        Files.writeString(folder.resolve(run.summary()), "{\"accuracy\":50.0}\n");
    }

    @AfterAll
    void close() {
        server.close();
        engine.close();
        client.close();
    }

    private HttpResponse<String> get(String path, String... headers)
            throws IOException, InterruptedException {
        URI address = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        HttpRequest.Builder request = HttpRequest.newBuilder(address);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode study(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = get("/study/" + path, "Authorization", "Bearer secret");
        assertEquals(200, answer.statusCode(), answer.body());
        return new JsonMapper().readTree(answer.body());
    }

    /** Every file that the page names is there, without a token, and none is on another server. */
    @Test
    void thePageIsWhole() throws Exception {
        HttpResponse<String> index = get("/");
        assertEquals(200, index.statusCode());
        List<String> files =
                LINK.matcher(index.body()).results().map(link -> link.group(1)).distinct().toList();
        assertTrue(files.contains("/page/main.js"), files::toString);
        for (String file : files) {
            fetchAll(file);
        }
        assertFalse(index.body().contains("//"), "an address of another server");
    }

    private void fetchAll(String file) throws Exception {
        HttpResponse<String> answer = get(file);
        assertEquals(200, answer.statusCode(), file);
        String policy = answer.headers().firstValue("Content-Security-Policy").orElse("");
        assertTrue(policy.startsWith("default-src 'none'; script-src 'self';"), policy);
        assertEquals("nosniff", answer.headers().firstValue("X-Content-Type-Options").orElse(""));
        String text = answer.body().replace("http://www.w3.org/2000/svg", "");
        assertFalse(text.contains("http://") || text.contains("https://"), file);
        for (MatchResult each : IMPORT.matcher(answer.body()).results().toList()) {
            fetchAll("/page/" + each.group(1));
        }
    }

    @Test
    void keywordsAreThoseOfTheStudy() throws Exception {
        JsonNode phrases = new JsonMapper().readTree(get("/page/keywords.json").body());
        assertEquals(
                ReflectionKeywords.PHRASES,
                phrases.path("phrases").values().stream().map(JsonNode::asString).toList());
    }

    @Test
    void nothingElseIsServed() throws Exception {
        for (String path :
                List.of("/page/", "/page/ServedPage.class", "/page/..%2fdemo", "/page/x.js")) {
            assertEquals(401, get(path).statusCode(), path);
            String[] token = {"Authorization", "Bearer secret"};
            assertEquals(404, get(path, token).statusCode(), path);
        }
    }

    /** Another origin's page gets nothing, whatever it asks for. */
    @Test
    void foreignPagesAreRefused() throws Exception {
        for (String path : List.of("/", "/page/main.js", "/study/results", "/v1/models")) {
            assertEquals(403, get(path, "Origin", "http://evil.example").statusCode(), path);
        }
    }

    @Test
    void resultsNeedTheToken() throws Exception {
        assertEquals(401, get("/study/results").statusCode());
        JsonNode results = study("results");
        assertEquals("It learns.", results.path("report").asString());
        assertEquals(50, results.at("/runs/1/summary/accuracy").asInt());
        String[] token = {"Authorization", "Bearer secret"};
        assertEquals("<svg/>", get("/study/charts/figure2.svg", token).body());
        assertEquals(404, get("/study/charts/p.jsonl", token).statusCode());
        assertEquals(404, get("/study/tables", token).statusCode());
    }

    @Test
    void answersAreFilteredAndPaged() throws Exception {
        JsonNode all = study("answers?row=correct&benchmark=demo");
        assertEquals(2, all.path("total").asInt());
        assertEquals(3, study("answers?row=correct").path("total").asInt());
        assertEquals("2 + 2?", all.at("/answers/1/question").asString());
        assertEquals("4", all.at("/answers/1/answers/0").asString());
        assertEquals(1, all.at("/answers/1/keywords").asInt());
        JsonNode second = study("answers?row=correct&benchmark=demo&from=1&count=1");
        assertEquals(1, second.path("answers").size());
        assertEquals("b", second.at("/answers/0/id").asString());
        assertEquals(1, study("answers?row=correct&show=wrong").at("/total").asInt());
        JsonNode gained = study("answers?row=correct&benchmark=demo&show=gained&other=original");
        assertEquals(1, gained.path("total").asInt());
        assertEquals("Wait. 5", gained.at("/answers/0/other/text").asString());
        JsonNode lost = study("answers?row=correct&benchmark=demo&show=lost&other=original");
        assertEquals(0, lost.path("total").asInt());
    }

    @Test
    void badQuestionsAboutResultsAreRefused() throws Exception {
        for (String query :
                List.of(
                        "row=x&benchmark=demo",
                        "row=correct&benchmark=demo&other=x",
                        "row=correct&benchmark=demo&from=-1",
                        "row=correct&benchmark=demo&count=51",
                        "row=correct&benchmark=demo&show=some",
                        "row=%25ZZ")) {
            String[] token = {"Authorization", "Bearer secret"};
            HttpResponse<String> answer = get("/study/answers?" + query, token);
            assertEquals(400, answer.statusCode(), query);
        }
    }

    /** An index cannot name files outside its folder. */
    @Test
    void resultsStayInTheirFolder(@TempDir Path other) throws IOException {
        assertThrows(InputException.class, () -> new ServedPage(other));
        results("../secret.svg").write(other);
        Files.writeString(other.resolve("report.md"), "");
        Files.writeString(other.resolveSibling("secret.svg"), "secret");
        ServedStudy study = new ServedStudy(other);
        assertThrows(
                InputException.class, () -> study.find("/study/charts/../secret.svg", Map.of()));
        Files.delete(other.resolveSibling("secret.svg"));
    }
}
