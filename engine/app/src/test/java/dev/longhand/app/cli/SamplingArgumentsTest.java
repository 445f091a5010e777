package dev.longhand.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.TemplateOptions;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.util.List;
import java.util.Map;

/** Options of generation as they reach a request. */
class SamplingArgumentsTest {
    private static SamplingArguments parsed(String json) {
        SamplingArguments arguments = new SamplingArguments();
        new CommandLine(arguments)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .parseArgs("--chat-template-kwargs", json);
        return arguments;
    }

    @Test
    void variablesReachTheTemplate() {
        GenerationRequest chat = GenerationRequest.chat("x");
        TemplateOptions told =
                new TemplateOptions(
                        true, false, List.of(), Map.of("enable_thinking", "false", "d", "[1]"));
        assertEquals(
                new Prompt.Chat(List.of(ChatMessage.user("x")), List.of(), told),
                parsed("{\"enable_thinking\": false, \"d\": [1]}").apply(chat).prompt());
    }

    @Test
    void whatIsNoObjectIsRefused() {
        for (String json : List.of("", "{", "1", "[]", "\"x\"")) {
            InputException refused =
                    assertThrows(
                            InputException.class,
                            () -> parsed(json).apply(GenerationRequest.chat("x")));
            assertTrue(
                    refused.getMessage().startsWith("--chat-template-kwargs: "),
                    refused.getMessage());
        }
        assertThrows(InputException.class, () -> parsed("{}").apply(GenerationRequest.text("x")));
    }
}
