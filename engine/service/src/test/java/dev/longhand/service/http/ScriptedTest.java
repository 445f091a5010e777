package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;
import dev.longhand.service.ClientRules;
import dev.longhand.service.ScriptedCheckpoint;
import dev.longhand.service.http.ServedDemo.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Base of tests with requests to a server over a {@link ScriptedCheckpoint}. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ScriptedTest {
    static final String TEXT = "/v1/completions";
    static final String CHAT = "/v1/chat/completions";

    ScriptedCheckpoint script;
    ServedDemo served;

    @BeforeAll
    void open(@TempDir Path folder) throws IOException {
        TestDevices.require(Device.CPU);
        script = ScriptedCheckpoint.write(folder);
        prepare(folder);
        served = ServedDemo.scripted(script, clients(), kvTokensMax());
    }

    @AfterAll
    void close() {
        if (served != null) {
            served.close();
        }
    }

    /** Changes the checkpoint before it is opened. */
    void prepare(Path folder) throws IOException {}

    /** The rules of the server. */
    ClientRules clients() {
        return ClientRules.OPEN;
    }

    /** The positions of the KV pool; a sequence has 32,768 at most. */
    int kvTokensMax() {
        return 4 * 32_768;
    }

    /** A chat that is answered by a script; {@code more} follows after a comma. */
    String chat(String start, String more) {
        return """
        {"messages":[{"role":"user","content":"x"}],"logit_bias":{"%d":100}%s%s}\
        """
                .formatted(script.start(start), more.isEmpty() ? "" : ",", more);
    }

    /** A completion that continues the first token of a script. */
    String text(String start, String more) {
        return "{\"prompt\":[%d],\"max_tokens\":60%s%s}"
                .formatted(script.start(start), more.isEmpty() ? "" : ",", more);
    }

    JsonNode good(String path, String body) throws IOException {
        Answer answer = served.post(path, body);
        assertEquals(200, answer.status(), body + " " + answer.response().body());
        return answer.body();
    }

    /** The first choice of an answer. */
    JsonNode choice(String path, String body) throws IOException {
        return good(path, body).at("/choices/0");
    }

    /** Joins a field of all deltas of a streamed chat. */
    String streamed(String field, String body) throws IOException {
        StringBuilder joined = new StringBuilder();
        List<JsonNode> events = served.stream(CHAT, body.replaceFirst("}$", ",\"stream\":true}"));
        for (JsonNode event : events) {
            joined.append(event.at("/choices/0/delta/" + field).asString(""));
        }
        return joined.toString();
    }

    /** Asserts that a request is refused and the error names a field. */
    void assertRefused(String path, String body, String field) throws IOException {
        Answer answer = served.post(path, body);
        assertEquals(400, answer.status(), body + " " + answer.response().body());
        assertEquals(field, answer.body().at("/error/param").asString(), answer.response().body());
    }
}
