package dev.longhand.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.QwenTokenizerFiles;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.training.model.TrainingSequence;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;

/** Rows of every form become the right tokens, and the right ones are learned. */
class DatasetTest {
    private static final Path MODEL = Goldens.DEMO.resolve("checkpoint");
    private static final int VOCABULARY = 640;
    private static final String SYSTEM =
            "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful"
                    + " assistant.<|im_end|>\n";
    private static final String TWO_TURNS =
            """
            {"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"},
             {"role": "user", "content": "three"}, {"role": "assistant", "content": "four"}]}\
            """
                    .replace("\n", "");

    @TempDir private Path folder;

    private static DataRules rules(EndToken end, LearnedTurns turns) {
        return new DataRules(end, turns, Overlength.DROP, 4096);
    }

    private static DataRules limit(Overlength overlength, int tokensMax) {
        return new DataRules(EndToken.IM_END, LearnedTurns.ALL, overlength, tokensMax);
    }

    private Dataset read(DataRules rules, String... rows) throws IOException {
        Path file = folder.resolve("data.jsonl");
        Files.writeString(file, String.join("\n", rows) + "\n");
        return read(rules, file);
    }

    private static Dataset read(DataRules rules, Path... files) {
        try (ExampleEncoder encoder = new ExampleEncoder(MODEL, VOCABULARY, rules)) {
            return Dataset.read(List.of(files), encoder, tokens -> {});
        }
    }

    /** The text with the learned ranges in square brackets. */
    private static String marked(Demonstration demonstration) {
        try (ExampleEncoder encoder = new ExampleEncoder(MODEL, VOCABULARY, DataRules.DEFAULT)) {
            TokenTable table = Objects.requireNonNull(encoder.table());
            StringBuilder text = new StringBuilder();
            int at = 0;
            int[] learned = demonstration.learned();
            for (int i = 0; i < learned.length; i += 2) {
                text.append(demonstration.text(table, at, learned[i]))
                        .append('[')
                        .append(demonstration.text(table, learned[i], learned[i + 1]))
                        .append(']');
                at = learned[i + 1];
            }
            return text + demonstration.text(table, at, demonstration.ids().length);
        }
    }

    /** As TRL's training templates do. */
    @Test
    void marksOfTheTemplateAreLearned() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.copy(MODEL.resolve("tokenizer.json"), model.resolve("tokenizer.json"));
        Files.writeString(
                model.resolve("chat_template.jinja"),
                """
                {%- for m in messages %}
                {{- '<|im_start|>' + m.role + '\\n' }}
                {%- if m.role == 'assistant' %}{% generation %}
                {{- m.content + '<|im_end|>\\n' }}
                {%- endgeneration %}
                {%- else %}{{ m.content + '<|im_end|>\\n' }}
                {%- endif %}
                {%- endfor %}\
                """);
        Path file = Files.writeString(folder.resolve("data.jsonl"), TWO_TURNS + "\n");
        String user = "<|im_start|>user\n%s<|im_end|>\n<|im_start|>assistant\n";
        String first = user.formatted("one");
        String second = user.formatted("three");
        for (String[] expected :
                new String[][] {
                    {"IM_END", "ALL", "[two<|im_end|>]\n" + second + "[four<|im_end|>]"},
                    {"IM_END_NEWLINE", "ALL", "[two<|im_end|>\n]" + second + "[four<|im_end|>\n]"},
                    {"IM_END", "LAST", "two<|im_end|>\n" + second + "[four<|im_end|>]"}
                }) {
            DataRules rules =
                    rules(EndToken.valueOf(expected[0]), LearnedTurns.valueOf(expected[1]));
            try (ExampleEncoder encoder = new ExampleEncoder(model, VOCABULARY, rules)) {
                Dataset data = Dataset.read(List.of(file), encoder, tokens -> {});
                assertEquals(first + expected[2], marked(data.demonstrations().getFirst()));
                assertTrue(data.demonstrations().getFirst().teachesEnd());
            }
        }
        try (ExampleEncoder encoder =
                new ExampleEncoder(
                        model, VOCABULARY, rules(EndToken.ENDOFTEXT, LearnedTurns.ALL))) {
            assertThrows(
                    InputException.class, () -> Dataset.read(List.of(file), encoder, tokens -> {}));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'messages': [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content':"
                        + " 'Yes.'}]}",
                "{'conversations': [{'from': 'human', 'value': 'Hi'}, {'from': 'gpt', 'value':"
                        + " 'Yes.'}], 'meta': {'x': 1}}",
                "{'conversations': [{'from': 'user', 'content': 'Hi'}, {'from': 'assistant',"
                        + " 'content': 'Yes.'}, {'from': 'user', 'content': 'not answered'}]}",
                "{'instruction': 'Hi', 'input': '', 'output': 'Yes.'}",
                "{'prompt': [{'role': 'user', 'content': 'Hi'}], 'completion': [{'role':"
                        + " 'assistant', 'content': 'Yes.'}]}"
            })
    void everyFormIsRenderedAsServed(String row) throws IOException {
        Dataset data = read(DataRules.DEFAULT, row.replace('\'', '"'));
        assertEquals(
                SYSTEM + "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[Yes.<|im_end|>]",
                marked(data.demonstrations().getFirst()));
    }

    @Test
    void alpacaAndSystemAndCompletion() throws IOException {
        Dataset data =
                read(
                        DataRules.DEFAULT,
                        "{\"instruction\": \"Add\", \"input\": \"1, 2\", \"output\": \"3\"}",
                        "{\"system\": \"Be short.\", \"conversations\": [{\"from\": \"user\","
                                + " \"value\": \"a\"}, {\"from\": \"assistant\", \"value\":"
                                + " \"b\"}]}",
                        "{\"prompt\": \"1 + 1 = \", \"completion\": \"2\"}");
        assertEquals(
                List.of(
                        SYSTEM
                                + "<|im_start|>user\nAdd\n1, 2<|im_end|>\n<|im_start|>assistant\n"
                                + "[3<|im_end|>]",
                        "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\na<|im_end|>\n"
                                + "<|im_start|>assistant\n[b<|im_end|>]",
                        "1 + 1 = [2<|im_end|>]"),
                data.demonstrations().stream().map(DatasetTest::marked).toList());
    }

    @ParameterizedTest
    @CsvSource({
        "IM_END, ALL, [two<|im_end|>]~U[four<|im_end|>]",
        "IM_END, LAST, two<|im_end|>~U[four<|im_end|>]",
        "IM_END_NEWLINE, ALL, [two<|im_end|>~]U[four<|im_end|>~]",
        "ENDOFTEXT, ALL, [two<|endoftext|>]U[four<|endoftext|>]",
    })
    void turnsAndEndsAreLearnedAsAsked(EndToken end, LearnedTurns turns, String expected)
            throws IOException {
        Demonstration demonstration =
                read(rules(end, turns), TWO_TURNS).demonstrations().getFirst();
        String user = "<|im_start|>user\nthree<|im_end|>\n<|im_start|>assistant\n";
        assertEquals(
                SYSTEM
                        + "<|im_start|>user\none<|im_end|>\n<|im_start|>assistant\n"
                        + expected.replace('~', '\n').replace("U", user),
                marked(demonstration));
        assertTrue(demonstration.teachesEnd());
    }

    /** The ids of Qwen2.5's tokenizer; a newline that begins an answer stays a token of its own. */
    @Test
    void promptAndAnswerAreEncodedApart() throws IOException {
        Path qwen = QwenTokenizerFiles.require();
        Path file = folder.resolve("data.jsonl");
        Files.writeString(
                file,
                "{\"messages\": [{\"role\": \"system\", \"content\": \"\"}, {\"role\": \"user\","
                        + " \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"\\n"
                        + "OK\"}]}");
        try (ExampleEncoder encoder = new ExampleEncoder(qwen, 151_936, DataRules.DEFAULT)) {
            Demonstration one =
                    Dataset.read(List.of(file), encoder, tokens -> {}).demonstrations().getFirst();
            assertArrayEquals(
                    new int[] {
                        151644, 8948, 198, 151645, 198, 151644, 872, 198, 13048, 151645, 198,
                        151644, 77091, 198, 198, 3925, 151645
                    },
                    one.ids());
            assertArrayEquals(new int[] {14, 17}, one.learned());
        }
    }

    @Test
    void givenTokensStayAsTheyAre() throws IOException {
        Demonstration one =
                read(
                                DataRules.DEFAULT,
                                "{\"input_ids\": [5, 6, 7, 8, 9], \"labels\": [5, -100, 7, 8,"
                                        + " -100]}")
                        .demonstrations()
                        .getFirst();
        assertArrayEquals(new int[] {5, 6, 7, 8, 9}, one.ids());
        assertEquals(2, one.labels(), "the first token has no row that predicts it");
        TrainingSequence sequence = one.sequence(0.5, 3);
        assertArrayEquals(new int[] {5, -100, 7, 8, -100}, sequence.labels());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'messages': [{'role': 'user', 'content': 'x'}]} | has no turn of the assistant",
                "{'messages': [{'role': 'usr', 'content': 'x'}]} | messages[0].role is usr",
                "{'messages': [{'role': 'user'}]} | messages[0].content is missing",
                "{'text': 'x'} | has none of input_ids, messages",
                "{'input_ids': [1, 2], 'labels': [1]} | labels has 1 numbers, input_ids has 2",
                "{'input_ids': [1, 2], 'labels': [2, -100]} | labels are not shifted",
                "{'input_ids': [1, 2], 'labels': [1, -100]} | has no tokens to learn",
                "{'input_ids': [1, 640], 'labels': [-100, 640]} | token id 640 is out of range",
                "{'instruction': 'x'} | output is missing",
                "{'prompt': 'x' | malformed JSON",
            })
    void aBadRowIsNamedByFileAndLine(String row, String expected) {
        InputException error =
                assertThrows(
                        InputException.class,
                        () -> read(DataRules.DEFAULT, TWO_TURNS, "", row.replace('\'', '"')));
        String message = String.valueOf(error.getMessage());
        assertTrue(message.contains("data.jsonl:3"), message);
        assertTrue(message.contains(expected), message);
    }

    /** A checkpoint without tokenizer takes token ids, and refuses text by name. */
    @Test
    void tokensNeedNoTokenizer() throws IOException {
        Path file = folder.resolve("data.jsonl");
        Files.writeString(file, "{\"input_ids\": [1, 2], \"labels\": [-100, 2]}");
        Path model = Goldens.checkpoint("dim64-group5");
        try (ExampleEncoder encoder = new ExampleEncoder(model, VOCABULARY, DataRules.DEFAULT)) {
            assertEquals(1, Dataset.read(List.of(file), encoder, tokens -> {}).labels());
            assertEquals("none", encoder.rendererHash());
            Files.writeString(file, "{\"prompt\": \"a\", \"completion\": \"b\"}");
            InputException error =
                    assertThrows(
                            InputException.class,
                            () -> Dataset.read(List.of(file), encoder, tokens -> {}));
            assertTrue(String.valueOf(error.getMessage()).contains("has no tokenizer.json"));
        }
    }

    @Test
    void arraysAndGzipAreRead() throws IOException {
        Path array = folder.resolve("array.json");
        Files.writeString(array, " [\n" + TWO_TURNS + ",\n" + TWO_TURNS + "]\n");
        Path gzip = folder.resolve("lines.jsonl.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write((TWO_TURNS + "\n").getBytes(StandardCharsets.UTF_8));
        }
        Dataset data = read(DataRules.DEFAULT, array, gzip);
        assertEquals(
                List.of("array.json: element 1", "array.json: element 2", "lines.jsonl.gz:1"),
                data.demonstrations().stream()
                        .map(each -> each.source().substring(folder.toString().length() + 1))
                        .toList());
        Files.writeString(array, "[" + TWO_TURNS + ", {\"messages\": 3}]");
        InputException error =
                assertThrows(InputException.class, () -> read(DataRules.DEFAULT, array));
        assertTrue(String.valueOf(error.getMessage()).contains("array.json: element 2"));
    }

    @Test
    void longDemonstrationsAreDroppedCutOrRefused() throws IOException {
        String row = "{\"input_ids\": [1, 2, 3, 4, 5], \"labels\": [-100, -100, 3, -100, 5]}";
        String shorter = "{\"input_ids\": [1, 2, 3], \"labels\": [-100, 2, 3]}";
        Dataset dropped = read(limit(Overlength.DROP, 4), row, shorter);
        assertEquals(1, dropped.demonstrations().size());
        assertEquals(1, dropped.dropped().size());
        Dataset cut = read(limit(Overlength.TRUNCATE, 4), row, shorter);
        assertArrayEquals(new int[] {1, 2, 3, 4}, cut.demonstrations().getFirst().ids());
        assertArrayEquals(new int[] {2, 3}, cut.demonstrations().getFirst().learned());
        assertEquals(1, cut.teachingEnd(), "the one that was cut teaches no end");
        assertEquals(1, cut.truncated().size());
        assertEquals(1, read(limit(Overlength.TRUNCATE, 2), row, shorter).dropped().size());
        InputException error =
                assertThrows(
                        InputException.class, () -> read(limit(Overlength.RAISE, 4), shorter, row));
        assertTrue(String.valueOf(error.getMessage()).contains("data.jsonl:2: has 5 tokens"));
        assertThrows(InputException.class, () -> read(limit(Overlength.DROP, 4), row));
    }

    /** Rows are encoded by several threads; their order and the hash do not depend on that. */
    @Test
    void theOrderOfRowsIsKept() throws IOException {
        List<String> rows = new ArrayList<>();
        for (int i = 1; i < 500; i++) {
            rows.add("{\"input_ids\": [%d, %d], \"labels\": [-100, %d]}".formatted(i, i, i));
        }
        String[] array = rows.toArray(String[]::new);
        Dataset data = read(DataRules.DEFAULT, array);
        for (int i = 1; i < 500; i++) {
            assertEquals(i, data.demonstrations().get(i - 1).ids()[0]);
        }
        assertEquals(data.sha256(), read(DataRules.DEFAULT, array).sha256());
        assertNotEquals(
                data.sha256(),
                read(DataRules.DEFAULT, Arrays.copyOf(array, array.length - 1)).sha256());
    }

    /**
     * Tokens are counted while rows are read: a broken row at the end stops a reading under way.
     */
    @Test
    void rowsAreEncodedWhileTheyAreRead() throws IOException {
        String row = "{\"input_ids\": [1, 2], \"labels\": [-100, 2]}";
        List<String> rows = new ArrayList<>(Collections.nCopies(500, row));
        rows.add("{");
        List<Long> counted = new ArrayList<>();
        Path file = Files.write(folder.resolve("data.jsonl"), rows);
        try (ExampleEncoder encoder = new ExampleEncoder(MODEL, VOCABULARY, DataRules.DEFAULT)) {
            assertThrows(
                    InputException.class, () -> Dataset.read(List.of(file), encoder, counted::add));
        }
        assertTrue(counted.size() > 400, counted.size() + " rows before the broken one");
    }
}
