package dev.longhand.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Generated templates against the results of Python's jinja2; see generate_cases.py. */
class GeneratedTemplatesTest {
    private static final JsonMapper JSON = new JsonMapper();

    @Test
    void rendersWhatJinja2Renders() throws IOException {
        List<String> wrong = new ArrayList<>();
        int cases = 0;
        try (InputStream resource =
                        Objects.requireNonNull(
                                GeneratedTemplatesTest.class.getResourceAsStream(
                                        "cases.jsonl.gz"));
                BufferedReader lines =
                        new BufferedReader(
                                new InputStreamReader(
                                        new GZIPInputStream(resource), StandardCharsets.UTF_8))) {
            Map<String, Object> variables = variables(JSON.readTree(lines.readLine()));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode pair = JSON.readTree(line);
                String template = pair.get(0).asString();
                String expected = pair.get(1).isNull() ? null : pair.get(1).asString();
                String rendered = render(template, variables);
                cases++;
                if (!Objects.equals(expected, expected == null ? error(rendered) : rendered)) {
                    wrong.add(template + "\n  jinja2: " + expected + "\n  here:   " + rendered);
                }
            }
        }
        assertEquals("", String.join("\n\n", wrong));
        assertTrue(cases >= 1000, cases + " cases");
    }

    private static @Nullable String error(String rendered) {
        return rendered.startsWith("error: ") ? null : rendered;
    }

    private static String render(String template, Map<String, Object> variables) {
        try {
            return Template.compile(template).render(variables).text();
        } catch (TemplateException e) {
            return "error: " + e.getMessage();
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> variables(JsonNode node) {
        return JSON.convertValue(node, Map.class);
    }
}
