package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** OpenAI's Responses API: items, events and errors, on scripts. */
class ResponsesTest extends ScriptedTest {
    private static final String PATH = "/v1/responses";
    private static final String TOOLS =
            "\"tools\":[{\"type\":\"function\",\"name\":\"real\",\"parameters\":{\"type\":\"object\"},"
                + "\"strict\":true}]";

    /** A request that is answered by a script. */
    private String body(String start, String more) {
        return "{\"input\":\"x\",\"logit_bias\":{\"%d\":100}%s%s}"
                .formatted(script.start(start), more.isEmpty() ? "" : ",", more);
    }

    private List<JsonNode> events(String body) throws IOException {
        HttpResponse<String> response =
                served.post(PATH, body.replaceFirst("}$", ",\"stream\":true}")).response();
        List<JsonNode> events = new ArrayList<>();
        for (String block : response.body().split("\n\n")) {
            String[] lines = block.split("\n");
            assertEquals(2, lines.length, block);
            JsonNode event = ServedDemo.JSON.readTree(lines[1].substring("data: ".length()));
            assertEquals("event: " + event.get("type").asString(), lines[0]);
            assertEquals(events.size(), event.get("sequence_number").asInt(), block);
            events.add(event);
        }
        return events;
    }

    @Test
    void s24TheInputMayBeAString() throws IOException {
        JsonNode body = good(PATH, "{\"model\":\"script\",\"input\":\"x\"}");
        assertEquals("response", body.get("object").asString());
        assertEquals("completed", body.get("status").asString());
        assertEquals("script", body.get("model").asString());
        JsonNode message = body.at("/output/0");
        assertEquals("message", message.get("type").asString());
        assertEquals("assistant", message.get("role").asString());
        assertEquals("output_text", message.at("/content/0/type").asString());
        assertEquals("Hello! I am scripted.", message.at("/content/0/text").asString());
        assertEquals(1, body.get("output").size());
        int tokens = body.at("/usage/input_tokens").asInt();
        assertEquals(5, body.at("/usage/output_tokens").asInt());
        assertEquals(tokens + 5, body.at("/usage/total_tokens").asInt());
        JsonNode again = good(PATH, "{\"model\":\"script\",\"input\":\"x\"}");
        assertTrue(again.at("/usage/input_tokens_details/cached_tokens").asInt() > 0);
    }

    /** A conversation has the prompt of the same one in chat completions. */
    @Test
    void itemsAreTheTurnsOfAChat() throws IOException {
        String items =
                """
                {"instructions":"Be brief.","input":[
                {"role":"user","content":[{"type":"input_text","text":"What"},
                {"type":"input_text","text":" now?"}]},
                {"type":"reasoning","id":"rs_1","summary":[],"content":[]},
                {"type":"message","role":"assistant","id":"m","status":"completed",
                "content":[{"type":"output_text","text":"I look.","annotations":[]}]},
                {"type":"function_call","call_id":"c1","name":"f","arguments":"{\\"a\\":1}"},
                {"type":"function_call","call_id":"c2","name":"g","arguments":""},
                {"type":"function_call_output","call_id":"c1","output":"1"},
                {"type":"function_call_output","call_id":"c2",
                "output":[{"type":"input_text","text":"2"}]}],"max_output_tokens":1}\
                """;
        String chat =
                """
                {"messages":[{"role":"system","content":"Be brief."},
                {"role":"user","content":"What now?"},{"role":"assistant","content":"I look.",
                "tool_calls":[{"id":"c1","type":"function","function":{"name":"f",
                "arguments":"{\\"a\\":1}"}},{"id":"c2","type":"function","function":{"name":"g",
                "arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"1"},
                {"role":"tool","tool_call_id":"c2","content":"2"}],"max_tokens":1}\
                """;
        JsonNode answer = good(PATH, items);
        assertEquals(
                good(CHAT, chat).at("/usage/prompt_tokens").asInt(),
                answer.at("/usage/input_tokens").asInt());
        assertEquals("incomplete", answer.get("status").asString());
        assertEquals("max_output_tokens", answer.at("/incomplete_details/reason").asString());
        assertEquals("Be brief.", answer.get("instructions").asString());
        assertEquals(1, answer.get("max_output_tokens").asInt());
    }

    @Test
    void thoughtsAreReasoningAndCallsAreItems() throws IOException {
        JsonNode body = good(PATH, body("think2", TOOLS));
        JsonNode output = body.get("output");
        assertEquals("reasoning", output.at("/0/type").asString());
        String thought = output.at("/0/content/0/text").asString();
        assertTrue(thought.startsWith("I could use <tool_call>"), thought);
        assertEquals("Real: ", output.at("/1/content/0/text").asString().stripLeading());
        assertEquals("function_call", output.at("/2/type").asString());
        assertEquals("real", output.at("/2/name").asString());
        assertEquals("{\"x\":1}", output.at("/2/arguments").asString());
        assertFalse(output.at("/2/call_id").asString().isEmpty());
        assertEquals(3, output.size());
        assertEquals("completed", body.get("status").asString());
        assertTrue(body.at("/usage/output_tokens_details/reasoning_tokens").asInt() > 0);
        JsonNode only = good(PATH, body("tool6", TOOLS)).get("output");
        assertEquals(1, only.size(), "no message without text");
    }

    @Test
    void eventsGrowTheItemsOfTheWhole() throws IOException {
        List<JsonNode> events = events(body("think2", TOOLS));
        assertEquals("response.created", events.get(0).get("type").asString());
        assertEquals("in_progress", events.get(0).at("/response/status").asString());
        assertEquals("response.in_progress", events.get(1).get("type").asString());
        JsonNode last = events.getLast();
        assertEquals("response.completed", last.get("type").asString());
        JsonNode output = last.at("/response/output");
        assertEquals(3, output.size());
        StringBuilder thought = new StringBuilder();
        StringBuilder text = new StringBuilder();
        StringBuilder arguments = new StringBuilder();
        List<JsonNode> done = new ArrayList<>();
        for (JsonNode event : events) {
            String delta = event.path("delta").asString("");
            switch (event.get("type").asString()) {
                case "response.reasoning_text.delta" -> thought.append(delta);
                case "response.output_text.delta" -> text.append(delta);
                case "response.function_call_arguments.delta" -> arguments.append(delta);
                case "response.output_item.done" -> done.add(event.get("item"));
                default -> {}
            }
            if (event.has("item_id")) {
                int index = event.get("output_index").asInt();
                assertEquals(output.get(index).get("id"), event.get("item_id"), "" + event);
            }
        }
        assertEquals(output.at("/0/content/0/text").asString(), thought.toString());
        assertEquals(output.at("/1/content/0/text").asString(), text.toString());
        assertEquals("{\"x\":1}", arguments.toString());
        assertEquals(List.of(output.get(0), output.get(1), output.get(2)), done);
        assertTrue(last.at("/response/usage/total_tokens").asInt() > 0);
        assertEquals(
                "response.incomplete",
                events(body("loop", "\"max_output_tokens\":3")).getLast().get("type").asString());
    }

    @Test
    void whatCannotBeDoneIsRefusedByName() throws IOException {
        assertRefused(
                PATH, body("hello", "\"previous_response_id\":\"resp_1\""), "previous_response_id");
        assertRefused(PATH, body("hello", "\"conversation\":\"c\""), "conversation");
        assertRefused(PATH, body("hello", "\"background\":true"), "background");
        assertRefused(PATH, body("hello", "\"truncation\":\"auto\""), "truncation");
        assertRefused(PATH, body("hello", "\"prompt\":{\"id\":\"p\"}"), "prompt");
        assertRefused(PATH, body("hello", "\"messages\":[]"), "messages");
        assertRefused(PATH, body("hello", "\"max_output_tokens\":0"), "max_output_tokens");
        assertRefused(PATH, body("hello", "\"temperature\":101"), "temperature");
        assertRefused(
                PATH, body("hello", "\"include\":[\"message.output_text.logprobs\"]"), "include");
        assertRefused(
                PATH, body("hello", "\"tools\":[{\"type\":\"web_search\"}]"), "tools[0].type");
        assertRefused(PATH, "{\"model\":\"script\"}", "input");
        assertRefused(PATH, "{\"input\":[]}", "input");
        assertRefused(
                PATH, "{\"input\":[{\"type\":\"item_reference\",\"id\":\"a\"}]}", "input[0].type");
        assertRefused(
                PATH,
                "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\"}]}]}",
                "input[0].content[0].type");
        assertRefused(PATH, "{\"input\":\"" + "x".repeat(40_000) + "\"}", "input");
        assertRefused(
                PATH,
                body(
                        "hello",
                        "\"text\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"not\":{}}}}"),
                "text.format");
        assertEquals(404, served.post(PATH, body("hello", "\"model\":\"nobody\"")).status());
        assertEquals(405, served.get(PATH).statusCode());
    }

    @Test
    void whatCannotChangeTheAnswerIsAccepted() throws IOException {
        for (String field :
                List.of(
                        "\"store\":true",
                        "\"store\":false,\"include\":[\"reasoning.encrypted_content\"]",
                        "\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"}",
                        "\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":\"low\"}",
                        "\"service_tier\":\"flex\",\"metadata\":{\"a\":\"b\"},\"user\":\"u\"",
                        "\"background\":false,\"truncation\":\"disabled\",\"previous_response_id\":null",
                        "\"tool_choice\":\"auto\",\"parallel_tool_calls\":false")) {
            good(PATH, body("hello", field));
        }
    }
}
