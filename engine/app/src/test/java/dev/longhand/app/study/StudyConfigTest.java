package dev.longhand.app.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.pipeline.Stage;
import dev.longhand.study.table.StudyTable;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The configurations of studies. */
class StudyConfigTest {
    @TempDir private Path here;

    private StudyConfig config(String json) throws IOException {
        return StudyConfig.read(Files.writeString(here.resolve("study.json"), json));
    }

    @Test
    void rowsBecomeStages() throws Exception {
        StudyConfig config =
                config(
                        """
                        {"study":"s","model":"m","benchmarks":["{here}/in"],"train":["--rank","8"],
                         "batch":["--sequences","4"],"generate":{"max_new_tokens":5},
                         "rows":[{"row":"original"},
                           {"row":"correct","data":"{here}/in","seeds":[1,2]},
                           {"row":"base:7b","data":"{here}/in","train":["--method","full"],
                            "perturb":["--op","digits","--ratio","0.5"]},
                           {"row":"lora-17k-qwq","as":"correct"}]}
                        """);
        assertEquals(
                List.of(
                        "problems",
                        "generate-original",
                        "score-original",
                        "train-correct-1",
                        "generate-correct-1",
                        "train-correct-2",
                        "generate-correct-2",
                        "join-correct",
                        "score-correct",
                        "perturb-base-7b",
                        "train-base-7b",
                        "generate-base-7b",
                        "score-base-7b",
                        "tables"),
                config.stages().stream().map(Stage::name).toList());
        List<String> generate = config.stages().get(4).arguments();
        assertTrue(generate.containsAll(List.of("row={train-correct-1}/last", "m", "4")));
        List<String> full = config.stages().get(11).arguments();
        assertTrue(full.contains("{train-base-7b}/last") && !full.contains("--adapter"));
        assertTrue(
                config.stages()
                        .getLast()
                        .arguments()
                        .contains("base:7b={score-base-7b}/scores.jsonl.summary.json"));
        assertTrue(
                config.stages()
                        .getLast()
                        .arguments()
                        .contains("lora-17k-qwq={score-correct}/scores.jsonl.summary.json"));
    }

    @Test
    void rowsAreEvaluatedOnRequest() throws Exception {
        StudyConfig config =
                config(
                        """
                        {"model":"m","benchmarks":["{here}/in"],
                         "evaluate":[{"name":"mmlu","options":["--problems","{here}/mmlu"]}],
                         "rows":[{"row":"original"},
                           {"row":"correct","data":"{here}/in","seeds":[1,2],"evaluated":true},
                           {"row":"lora-17k-qwq","as":"correct","evaluated":true}]}
                        """);
        Stage evaluate =
                config.stages().stream()
                        .filter(stage -> stage.kind().equals("evaluate"))
                        .reduce((a, b) -> b)
                        .orElseThrow();
        assertEquals("evaluate-mmlu-correct", evaluate.name());
        assertEquals(
                List.of(
                        "evaluate",
                        "--model",
                        "m",
                        "--adapter",
                        "row={train-correct-1}/last",
                        "--use",
                        "row",
                        "--problems",
                        "{here}/mmlu",
                        "--out",
                        "{out}/scores.jsonl"),
                evaluate.arguments());
        List<String> tables = config.stages().getLast().arguments();
        String file = "={evaluate-mmlu-correct}/scores.jsonl.summary.json";
        assertTrue(tables.containsAll(List.of("correct" + file, "lora-17k-qwq" + file)));
        assertTrue(tables.stream().noneMatch(("original" + file)::equals));
    }

    @Test
    void aRowOrAStageMayExpectItsOwn() throws Exception {
        StudyConfig config =
                config(
                        """
                        {"model":"m","benchmarks":["{here}/in"],
                         "expect":{"train_tokens":100,"generate_tokens":50,"devices":2,
                           "train_tokens_per_second":1,"generate_tokens_per_second":1,
                           "train_memory_bytes":1073741824},
                         "stages":[{"name":"a","run":["curate"],"tokens":3600,
                           "tokens_per_second":2}],
                         "rows":[{"row":"x","data":"{here}/in"},
                           {"row":"y","data":"{here}/in","expect":{"train_tokens":7}}]}
                        """);
        assertEquals(
                List.of(3600L, 100L, 50L, 7L, 50L),
                config.stages().stream()
                        .map(stage -> stage.work().tokens())
                        .filter(tokens -> tokens > 0)
                        .toList());
        String plan = new PlanText(config).text();
        assertTrue(plan.contains("1 GPU hours, GPUs: 2"), plan);
        assertTrue(plan.contains("memory of a GPU: 1.0 GiB in training"), plan);
    }

    /** The shipped studies, in small and at full size, have the rows of Table 2. */
    @Test
    void shippedStudiesHaveAllRowsOfTable2() {
        Path study = Path.of(System.getProperty("longhand.module.directory"), "../study");
        for (String file :
                List.of("small/study.json", "full/qwen2.5-7b.json", "full/qwen2.5-32b.json")) {
            StudyConfig config = StudyConfig.read(study.resolve(file));
            List<String> rows = config.rows().stream().map(StudyRow::name).toList();
            StudyTable table2 = StudyTable.published().get(1);
            assertEquals(19, table2.rows().size());
            for (StudyTable.Row row : table2.rows()) {
                String run = row.cells().getFirst().run();
                assertTrue(rows.contains(run), file + " has no row " + run);
            }
        }
    }

    @Test
    void badConfigurationsAreRefusedByKey() {
        for (String[] each :
                new String[][] {
                    {"{\"stage\":[]}", "stage is no key"},
                    {"{\"stages\":[{\"name\":\"out\",\"run\":[\"x\"]}]}", "other than"},
                    {"{\"stages\":[{\"name\":\"../a\",\"run\":[\"x\"]}]}", "letters"},
                    {"{\"stages\":[{\"name\":\"a\",\"run\":[]}]}", "no command"},
                    {"{\"stages\":[{\"name\":\"a\",\"run\":[\"x\",\"{b}/f\"]}]}", "no earlier"},
                    {
                        "{\"stages\":[{\"name\":\"a\",\"run\":[\"x\"]},"
                                + "{\"name\":\"a\",\"run\":[\"x\"]}]}",
                        "two stages"
                    },
                    {"{\"rows\":[{\"row\":\"x\"}]}", "model is missing"},
                    {"{\"model\":\"m\",\"rows\":[{\"row\":\"x\"}]}", "benchmarks"},
                    {"{\"model\":\"m\",\"rows\":[{\"row\":\"x\",\"perturb\":[]}]}", "needs data"},
                    {
                        "{\"model\":\"m\",\"evaluate\":[{\"name\":\"a\",\"run\":[]}],"
                                + "\"rows\":[{\"row\":\"x\"}]}",
                        "run is no key"
                    },
                    {"[]", "must be a JSON object"}
                }) {
            String message =
                    assertThrows(InputException.class, () -> config(each[0]), each[0]).getMessage();
            assertTrue(message.contains(each[1]), message);
        }
    }
}
