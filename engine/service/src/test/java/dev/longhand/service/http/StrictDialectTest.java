package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.service.ClientRules;
import dev.longhand.service.Dialect;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.List;

/** The strict dialect refuses by name what the lenient one ignores. */
class StrictDialectTest extends ScriptedTest {
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"%s}],%s}";

    @Override
    ClientRules clients() {
        return ClientRules.OPEN.withDialect(Dialect.STRICT);
    }

    @Test
    void fieldsWithoutAnEffectAreRefused() throws IOException {
        for (String field :
                List.of(
                        "\"store\":true",
                        "\"service_tier\":\"flex\"",
                        "\"prompt_cache_retention\":\"24h\"",
                        "\"max_tokens\":-1",
                        "\"max_tokens\":20.0",
                        "\"top_k\":1.0",
                        "\"seed\":7.0",
                        "\"max_tokens\":2,\"max_completion_tokens\":2")) {
            String name = field.substring(1, field.indexOf('"', 1));
            assertRefused(CHAT, HELLO.formatted("", field), name);
        }
        String stream = "\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}";
        assertRefused(CHAT, HELLO.formatted("", stream), "stream_options.include_obfuscation");
        for (String field : List.of("id", "type", "annotations", "opts")) {
            String message = ",\"" + field + "\":\"text\"";
            assertRefused(
                    CHAT, HELLO.formatted(message, "\"max_tokens\":1"), "messages[0]." + field);
        }
        String unload = "{\"lora_name\":\"a\",\"lora_int_id\":1}";
        assertRefused("/v1/unload_lora_adapter", unload, "lora_int_id");
        assertEquals(404, served.get("/v1/models/").statusCode());
        assertEquals(404, served.get("//health").statusCode());
    }

    @Test
    void whatHasAnEffectOrADefaultIsAccepted() throws IOException {
        good(
                CHAT,
                HELLO.formatted(
                        ",\"reasoning_content\":\"b\"",
                        "\"max_tokens\":1,\"store\":false,\"parallel_tool_calls\":true,"
                                + "\"seed\":9223372036854775807,\"service_tier\":\"auto\""));
    }
}
