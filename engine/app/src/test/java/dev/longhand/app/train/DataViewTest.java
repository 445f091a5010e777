package dev.longhand.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.training.data.DataRules;
import dev.longhand.training.data.Dataset;
import dev.longhand.training.data.ExampleEncoder;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The learned part is marked, and control characters of data do not reach the terminal. */
class DataViewTest {
    private static final int VOCABULARY = 620;

    @TempDir private Path folder;

    @Test
    void theLearnedPartIsMarked() throws IOException {
        Path file =
                Files.writeString(
                        folder.resolve("data.jsonl"),
                        "{\"prompt\": \"one\\u001b[31m \", \"completion\": \"two\"}\n");
        try (ExampleEncoder encoder =
                new ExampleEncoder(TrainProcess.MODEL, VOCABULARY, DataRules.DEFAULT)) {
            Dataset data = Dataset.read(List.of(file), encoder, tokens -> {});
            assertEquals(
                    "one\\u001b[31m [[two<|im_end|>]]",
                    new DataView(encoder.table(), false).text(data.demonstrations().getFirst()));
            assertEquals(
                    "one\\u001b[31m \u001b[32mtwo<|im_end|>\u001b[0m",
                    new DataView(encoder.table(), true).text(data.demonstrations().getFirst()));
            String[] summary = DataView.summary("data", data).split("\n", -1);
            assertEquals("  samples that teach an end token: 1 of 1", summary[2]);
        }
    }
}
