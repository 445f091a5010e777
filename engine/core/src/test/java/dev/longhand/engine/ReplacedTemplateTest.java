package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Recipe M7: template and tokenizer are read once, whatever becomes of their files. */
class ReplacedTemplateTest {
    private static final Prompt.Chat CHAT =
            new Prompt.Chat(
                    List.of(new ChatMessage("user", "What is 17 plus 24?", List.of())), List.of());

    @TempDir private Path folder;

    @Test
    void conversationsAreRenderedAsBefore() throws IOException {
        TestDevices.require(Device.CPU);
        Path checkpoint = Goldens.DEMO.resolve("checkpoint");
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path each : files.toList()) {
                Files.copy(each, folder.resolve(checkpoint.relativize(each)));
            }
        }
        EngineConfig config = EngineConfig.of(folder).withDevice(Device.CPU).withThreads(1);
        try (Engine engine = Engine.open(config.withKvTokensMax(4096))) {
            String text = engine.promptText(CHAT);
            int[] tokens = engine.tokens(CHAT);
            Map<String, String> settings = Map.copyOf(engine.tokenizerSettings());
            assertEquals("Qwen2Tokenizer", settings.get("tokenizer_class"));
            assertEquals("<|im_end|>", settings.get("eos_token"));
            assertTrue(settings.get("chat_template").contains("<|im_start|>"), "" + settings);
            for (String other : List.of("{\"chat_template\":\"another\"}", "damaged")) {
                Files.writeString(folder.resolve("tokenizer_config.json"), other);
                Files.writeString(folder.resolve("tokenizer.json"), other);
                assertSame(engine, text, tokens, settings);
            }
            Files.delete(folder.resolve("tokenizer_config.json"));
            Files.delete(folder.resolve("tokenizer.json"));
            assertSame(engine, text, tokens, settings);
        }
    }

    private static void assertSame(
            Engine engine, String text, int[] tokens, Map<String, String> settings) {
        assertEquals(text, engine.promptText(CHAT));
        assertArrayEquals(tokens, engine.tokens(CHAT));
        assertEquals(settings, engine.tokenizerSettings());
    }
}
