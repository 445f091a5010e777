package dev.longhand.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Valid and invalid files of problems and run configurations. */
class ProblemTest {
    private static final String GOOD = "{\"id\":\"a\",\"question\":\"q\"}\n";

    @TempDir private Path folder;

    private Path file(byte[] content) throws IOException {
        return Files.write(folder.resolve("file.jsonl"), content);
    }

    private Path file(String content) throws IOException {
        return file(content.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void problemsInTheirOrderWithWhatElseTheyCarry() throws IOException {
        List<Problem> problems =
                Problem.read(
                        file(
                                """
                                {"id":"b","benchmark":"x","question":"q1","answers":["1"],"meta":{}}\r

                                {"id":12,"question":"q2","answer_type":"math","level":3,"tags":[1]}
                                {"id":"c","question":"ünd"}\
                                """));
        assertEquals(List.of("b", "12", "c"), problems.stream().map(Problem::idText).toList());
        assertEquals("{}", problems.get(0).others().toString());
        assertEquals("{\"level\":3,\"tags\":[1]}", problems.get(1).others().toString());
        assertEquals("12", problems.get(1).id().toString());
        assertEquals("ünd", problems.get(2).question());
    }

    /** The third of four lines is invalid. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "null",
                "\u0000",
                "{\"id\":\"x\"}",
                "{\"question\":\"q\"}",
                "{\"id\":\"x\",\"question\":7}",
                "{\"id\":1.5,\"question\":\"q\"}",
                "{\"id\":{},\"question\":\"q\"}",
                "{\"id\":\"\",\"question\":\"q\"}",
                "{\"id\":\"a\",\"question\":\"q\"}",
                "{\"id\":\"x\",\"id\":\"y\",\"question\":\"q\"}",
                "{\"id\":\"x\",\"question\":\"q\"} {}",
                "{\"id\":\"x\",\"question\":\"q\",\"text\":\"mine\"}",
                "{\"id\":\"x\",\"question\":\"q\",\"seed\":null}",
                "{\"id\":\"x\",\"question\":\"\\ud800",
                "{\"id\":\"x\",\"question\":\"q\",\"n\":1e99999999999999999999999999999999999999}",
                "{\"id\":\"DEEP\",\"question\":\"q\"}"
            })
    void aBadLineIsNamed(String bad) throws IOException {
        String line = bad.replace("\"DEEP\"", "[".repeat(5000) + "]".repeat(5000));
        String last = "{\"id\":\"z\",\"question\":\"q\"}";
        Path file = file(GOOD + "\n" + line + "\n" + last);
        String message = assertThrows(InputException.class, () -> Problem.read(file)).getMessage();
        assertTrue(message.startsWith(file + ":3:"), message);
        assertEquals(1, message.lines().count(), message);
    }

    @Test
    void aFaultIsNamedWithoutTheParsersOwnWords() throws IOException {
        Path file = file("{\"id\":\"a\",\"question\":\"q\"}\n{\"id\": [}");
        String message = assertThrows(InputException.class, () -> Problem.read(file)).getMessage();
        assertTrue(message.contains(":2: is not JSON: Unexpected close marker"), message);
        assertTrue(message.contains("[line: 1") || message.contains("[byte offset"), message);
    }

    @Test
    void otherBadFiles() throws IOException {
        byte[] latin =
                "{\"id\":\"x\",\"question\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertThrows(InputException.class, () -> Problem.read(file(latin)));
        assertThrows(InputException.class, () -> Problem.read(file("\n \n")));
        assertThrows(InputException.class, () -> Problem.read(folder.resolve("none")));
        assertThrows(InputException.class, () -> Problem.read(folder));
        byte[] endless = new byte[Problem.LINE_BYTES_MAX + 1];
        java.util.Arrays.fill(endless, (byte) 'x');
        String message =
                assertThrows(InputException.class, () -> Problem.read(file(endless))).getMessage();
        assertTrue(message.contains(":1: longer than"), message);
    }

    @Test
    void aConfigurationAloneSaysHowAnswersComeAbout() throws IOException {
        RunConfig config = RunConfig.read(file("{}"));
        assertEquals(0f, config.sampling().temperature());
        assertEquals(1f, config.sampling().topP());
        assertEquals(1f, config.sampling().repetitionPenalty());
        assertEquals(32_768, config.newTokensMax());
        assertEquals(1, config.samples());
        Files.writeString(folder.resolve("system.txt"), "Be brief {question}.\n\n");
        config =
                RunConfig.read(
                        file(
                                """
                                {"system_file":"system.txt","user_template":"Q: {question}!",
                                "adapter":null,"prefill":"So","stop":["x"],"n":4}\
                                """));
        assertEquals("Be brief {question}.\n\n", config.system());
        for (long seed : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, (1L << 53) + 1}) {
            assertEquals(seed, RunConfig.read(file("{\"seed\":" + seed + "}")).seed());
        }
        assertEquals("Q: $1\\!", config.messages("$1\\").get(1).content());
        assertEquals(4, config.samples());
        assertEquals(Map.of(), config.template().variables());
        config = RunConfig.read(file("{\"chat_template_kwargs\":{\"enable_thinking\":false}}"));
        assertEquals(Map.of("enable_thinking", "false"), config.template().variables());
        RunConfig noted = RunConfig.read(file("{\"n\":2,\"note\":{\"by\":\"me\"},\"date\":7}"));
        assertEquals(2, noted.samples(), "fields outside the format are no error");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"temprature\":1}",
                "{\"maxNewTokens\":1}",
                "{\"sytem_file\":\"x\"}",
                "{\"temperature\":-1}",
                "{\"temperature\":\"hot\"}",
                "{\"n\":0}",
                "{\"n\":1.5}",
                "{\"seed\":0.5}",
                "{\"max_new_tokens\":0}",
                "{\"user_template\":\"no place for it\"}",
                "{\"system_file\":\"none.txt\"}",
                "{\"stop\":\"x\"}",
                "{\"stop\":[\"\"]}"
            })
    void aBadConfigurationIsRefused(String json) throws IOException {
        Path file = file(json);
        String message =
                assertThrows(InputException.class, () -> RunConfig.read(file)).getMessage();
        assertEquals(1, message.lines().count(), message);
    }
}
