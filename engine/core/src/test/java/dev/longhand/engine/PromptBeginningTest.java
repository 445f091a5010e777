package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** BOS before a text, where transformers and llama.cpp put one. */
class PromptBeginningTest {
    private static final Path FOLDER = Goldens.FOLDER.resolve("sentencepiece");
    private static final int BOS = 1;

    /** Post-processor of Llama 2's tokenizer.json; the golden's has no BOS. */
    private static final String BEGINS =
            """
            "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],\
            "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],\
            "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}\
            """;

    @TempDir private Path temporary;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "false | {} | false",
                "true  | {} | true",
                "true  | {\"bos_token\": \"<s>\", \"add_bos_token\": null} | true",
                "false | {\"bos_token\": \"<s>\", \"add_bos_token\": true} | true",
                "false | {\"bos_token\": {\"content\": \"<s>\"}, \"add_bos_token\": true} | true",
                "false | {\"add_bos_token\": true} | false",
                "true  | {\"bos_token\": \"<s>\", \"add_bos_token\": false} | false",
                "true  | {\"bos_token\": \"<s>\", \"add_eos_token\": false} | false"
            })
    void theConfigurationOrThePostProcessorDecides(boolean processed, String config, boolean bos)
            throws IOException {
        String json = Files.readString(FOLDER.resolve("llama/tokenizer.json"));
        int from = json.indexOf("\"single\"");
        String none = "\"special_tokens\": {}";
        int to = json.indexOf(none, from) + none.length();
        String begun = json.substring(0, from) + BEGINS + json.substring(to);
        Files.writeString(temporary.resolve("tokenizer.json"), processed ? begun : json);
        Files.writeString(temporary.resolve("tokenizer_config.json"), config);
        assertBegins(temporary, bos, new Prompt.Text("the cat"));
        assertBegins(temporary, bos, new Prompt.Text(" "));
        assertBegins(temporary, false, new Prompt.Text("<s>the cat")); // it has one
        assertBegins(temporary, false, new Prompt.Text("the cat", false));
    }

    /** The file says nothing; llama.cpp puts BOS before texts of such vocabularies. */
    @Test
    void textsOfGgufBegin() {
        assertBegins(FOLDER.resolve("llama.gguf"), true, new Prompt.Text("the cat"));
    }

    @Test
    void textsOfQwenDoNot() {
        Path checkpoint = Goldens.DEMO.resolve("checkpoint");
        assertBegins(checkpoint, false, new Prompt.Text("the cat"));
    }

    private static void assertBegins(Path model, boolean bos, Prompt.Text prompt) {
        try (Tokenizer tokenizer = Tokenizer.open(model).orElseThrow()) {
            int size = tokenizer.vocabularySize();
            int[] ids = new PromptEncoder(model, tokenizer, size, 100).encode(prompt);
            IntStream plain = IntStream.of(tokenizer.encode(prompt.text()));
            IntStream first = bos ? IntStream.of(BOS) : IntStream.empty();
            assertArrayEquals(IntStream.concat(first, plain).toArray(), ids);
        }
    }
}
