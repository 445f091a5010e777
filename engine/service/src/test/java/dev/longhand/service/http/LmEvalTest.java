package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * Requests that lm-eval 0.4.13 sent for options of the demo's problems, with the log-likelihoods
 * that transformers computes in float32. Its own for an earlier demo were these within 5e-6.
 */
class LmEvalTest {
    @Test
    void theLogLikelihoodsAreThoseOfTransformers() throws IOException {
        try (ServedDemo served = new ServedDemo(null, 8);
                BufferedReader lines =
                        new BufferedReader(
                                new InputStreamReader(
                                        LmEvalTest.class.getResourceAsStream("lm-eval.jsonl"),
                                        StandardCharsets.UTF_8))) {
            int count = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine(), count++) {
                JsonNode each = ServedDemo.JSON.readTree(line);
                ObjectNode request = (ObjectNode) each.get("request");
                JsonNode choice =
                        served.post("/v1/completions", request.toString()).body().at("/choices/0");
                assertLogLikelihood(each, choice.get("logprobs"), "line " + (count + 1));
            }
            assertEquals(48, count);
        }
    }

    /** Sums as lm-eval does: from the end of the context, without the generated token. */
    private static void assertLogLikelihood(JsonNode expected, JsonNode logprobs, String line) {
        JsonNode own = logprobs.get("token_logprobs");
        double sum = 0;
        boolean greedy = true;
        for (int i = expected.get("context").asInt(); i < own.size() - 1; i++) {
            double logprob = own.get(i).asDouble();
            sum += logprob;
            for (JsonNode top : logprobs.get("top_logprobs").get(i)) {
                greedy &= top.asDouble() <= logprob;
            }
        }
        assertEquals(expected.get("log_likelihood").asDouble(), sum, 1e-4, line);
        assertEquals(expected.get("greedy").asBoolean(), greedy, line);
    }
}
