package dev.longhand.service.line;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;
import dev.longhand.service.ScriptedCheckpoint;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.line.LineServerTest.Client;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Fields of the line protocol, over a scripted checkpoint. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LineFieldsTest {
    private static final String CHAT =
            "{\"id\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],%s}";

    @TempDir private Path folder;
    private ScriptedCheckpoint script;
    private Engine engine;
    private LineServer server;

    @BeforeEach
    void open() throws IOException {
        TestDevices.require(Device.CPU);
        script = ScriptedCheckpoint.write(folder);
        engine =
                Engine.open(
                        EngineConfig.of(folder)
                                .withDevice(Device.CPU)
                                .withThreads(1)
                                .withKvTokensMax(32_768));
        server =
                new LineServer(
                        new Service(engine, "base", null),
                        UnixDomainSocketAddress.of(folder.resolve("socket")),
                        ServiceLimits.DEFAULT,
                        null);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        engine.close();
    }

    /** Sends a line, and returns the event that ends the answer. */
    private JsonNode end(Client client, String line) throws IOException {
        client.send(line);
        JsonNode event = client.next();
        while (event.get("event").asString().equals("token")) {
            event = client.next();
        }
        return event;
    }

    @Test
    void toolsReachTheTemplate() throws IOException {
        String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\"}}]";
        try (Client client = new Client(server.address())) {
            int without = promptTokens(end(client, CHAT.formatted("\"max_tokens\":1")));
            int with = promptTokens(end(client, CHAT.formatted("\"max_tokens\":1," + tools)));
            assertTrue(with > without + 50, with + " and " + without);
            String none = "\"max_tokens\":1,\"tool_choice\":\"none\"," + tools;
            assertEquals(without, promptTokens(end(client, CHAT.formatted(none))));
            JsonNode error = end(client, "{\"id\":\"a\",\"prompt\":\"x\",%s}".formatted(tools));
            assertEquals("bad_request", error.get("code").asString());
        }
    }

    private static int promptTokens(JsonNode end) {
        return end.at("/usage/prompt_tokens").asInt();
    }

    /** S18: the token's own log-probability follows those of the likeliest. */
    @Test
    void s18EveryTokenHasItsLogProbability() throws IOException {
        try (Client client = new Client(server.address())) {
            client.send(
                    """
                    {"id":"a","prompt_ids":[%d],"max_tokens":1,"temperature":1,"logprobs":2,"seed":5}\
                    """
                            .formatted(script.start("uni")));
            JsonNode token = client.next();
            assertEquals(3, token.get("logprobs").size());
            assertEquals(token.get("token"), token.at("/logprobs/2/0"));
            assertEquals(-Math.log(script.tokens()), token.at("/logprobs/2/1").asDouble(), 1e-4);
        }
    }

    /** S04 and S13 on this protocol. */
    @Test
    void stopStringsAndSeeds() throws IOException {
        String think = "{\"id\":\"a\",\"prompt_ids\":[%d],\"stop\":\"ANSWER\"%s}";
        try (Client client = new Client(server.address())) {
            JsonNode end = end(client, think.formatted(script.start("think1"), ""));
            // The prompt begins the thought, of three tokens; the answer stops within its second.
            assertEquals(5, end.at("/usage/output_tokens").asInt());
            String inThought = ",\"stop_in_thought\":true";
            end = end(client, think.formatted(script.start("think1"), inThought));
            assertEquals(2, end.at("/usage/output_tokens").asInt());
            String seed = ",\"max_tokens\":2,\"seed\":9223372036854775807";
            assertEquals(
                    "done",
                    end(client, think.formatted(script.start("coin"), seed))
                            .get("event")
                            .asString());
        }
    }

    /** S21 on this protocol: the answer is in the format, and a bad one is refused by its name. */
    @Test
    void answersHaveTheFormatThatIsAskedFor() throws IOException {
        String schema =
                """
                {"type":"object","properties":{"x":{"enum":["red","blue"]}},"required":["x"],
                "additionalProperties":false}\
                """
                        .replace("\n", "");
        String response =
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":%s}}";
        try (Client client = new Client(server.address())) {
            String text = text(client, response.formatted(schema));
            assertTrue(text.matches("\\s*\\{\\s*\"x\"\\s*:\\s*\"(red|blue)\"\\s*}\\s*"), text);
            text = text(client, "\"guided_regex\":\"[A-C]{3}-[0-9]{2}\"");
            assertTrue(text.matches("[A-C]{3}-[0-9]{2}"), text);
            text = text(client, "\"guided_choice\":[\"yes\",\"no way\"]");
            assertTrue(text.equals("yes") || text.equals("no way"), text);
            String bad = schema.replace("enum", "not");
            assertRefused(client, response.formatted(bad), "response_format");
            assertRefused(client, "\"guided_json\":" + bad, "guided_json");
            assertRefused(client, "\"guided_regex\":\"(a\"", "guided_regex");
            assertRefused(client, "\"guided_choice\":[]", "guided_choice");
            assertRefused(client, "\"guided_choice\":[\"\"]", "guided_choice");
        }
    }

    /** Returns the text of an answer in a format. */
    private static String text(Client client, String format) throws IOException {
        client.send(CHAT.formatted("\"max_tokens\":200," + format));
        StringBuilder text = new StringBuilder();
        JsonNode event = client.next();
        for (; event.get("event").asString().equals("token"); event = client.next()) {
            text.append(event.get("text").asString());
        }
        assertEquals("stop", event.path("finish").asString(""), event.toString());
        return text.append(event.get("text").asString()).toString();
    }

    private void assertRefused(Client client, String format, String field) throws IOException {
        JsonNode error = end(client, CHAT.formatted(format));
        assertEquals("bad_request", error.path("code").asString(""), error.toString());
        String message = error.get("message").asString();
        assertTrue(message.startsWith("request: " + field + " is refused: "), message);
    }
}
