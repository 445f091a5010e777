package dev.longhand.engine.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.SharedFiles;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/** Settings of published adapters, and of PEFT's own, are accepted or refused as they should be. */
class PublishedAdaptersTest {
    /** Its list of targets is legal; the names of its tensors are refused. */
    private static final String REFUSED_BY_TENSORS = "05";

    @TempDir private Path folder;

    @TestFactory
    Stream<DynamicTest> areReadAsDescribed() throws IOException {
        Path adapters = SharedFiles.require("adapters");
        ModelLayout layout = layout(SharedFiles.require("configs").resolve("03.json"));
        return Stream.concat(rows(adapters, 5, layout), rows(adapters.resolve("peft"), 1, layout));
    }

    private ModelLayout layout(Path config) throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.copy(config, model.resolve("config.json"));
        return ModelConfig.read(model).layout();
    }

    /** Reads the table of SOURCES.md: the file first, the verdict in a column after it. */
    private Stream<DynamicTest> rows(Path adapters, int column, ModelLayout layout)
            throws IOException {
        return Files.readAllLines(adapters.resolve("SOURCES.md")).stream()
                .filter(line -> line.matches("\\| p?\\d\\d \\|.*"))
                .map(line -> line.split(" *\\| *"))
                .filter(cells -> !cells[1].equals(REFUSED_BY_TENSORS))
                .map(
                        cells ->
                                DynamicTest.dynamicTest(
                                        cells[1],
                                        () ->
                                                check(
                                                        adapters.resolve(cells[1] + ".json"),
                                                        cells[1 + column].startsWith("accept"),
                                                        layout)));
    }

    private void check(Path config, boolean accepted, ModelLayout layout) throws IOException {
        Files.copy(
                config, folder.resolve("adapter_config.json"), StandardCopyOption.REPLACE_EXISTING);
        AdapterFolder adapter = AdapterFolder.ofOperator(folder);
        if (accepted) {
            AdapterConfig.read(adapter, layout);
        } else {
            assertThrows(InputException.class, () -> AdapterConfig.read(adapter, layout));
        }
    }

    @Test
    void foreignFormatsAreNamed() throws IOException {
        ModelLayout layout = layout(SharedFiles.require("configs").resolve("03.json"));
        for (String[] expected :
                new String[][] {
                    {
                        "{\"fine_tune_type\": \"lora\", \"lora_parameters\": {\"rank\": 16}}",
                        "lora_parameters is of MLX-LM: only adapters in PEFT's format can be read"
                    },
                    {
                        "{\"lora_layers\": 16, \"lora_parameters\": {\"rank\": 8}}",
                        "lora_parameters is of MLX-LM: only adapters in PEFT's format can be read"
                    },
                    {"{\"r\": 8}", "peft_type is missing: this is not an adapter of PEFT"}
                }) {
            Path file = folder.resolve("adapter_config.json");
            Files.writeString(file, expected[0]);
            InputException e =
                    assertThrows(
                            InputException.class,
                            () -> AdapterConfig.read(AdapterFolder.ofOperator(folder), layout));
            assertEquals(file + ": " + expected[1], e.getMessage());
        }
    }
}
