package dev.longhand.study.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.chart.StudyCharts;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;

/** The study's tables from data alone, and with runs of one's own. */
class StudyTablesTest {
    private static final String EXTERNAL_DTD =
            "http://apache.org/xml/features/nonvalidating/load-external-dtd";

    @TempDir private Path folder;

    private final List<StudyTable> published = StudyTable.published();

    private static StudyTable.Row row(StudyTable table, String... labels) {
        return table.rows().stream()
                .filter(each -> each.labels().equals(List.of(labels)))
                .findFirst()
                .orElseThrow();
    }

    private static List<Double> values(StudyTable table, String... labels) {
        return row(table, labels).cells().stream().map(Cell::published).toList();
    }

    @Test
    void allSevenTables() {
        assertEquals(
                List.of(8, 19, 8, 12, 8, 8, 8),
                published.stream().map(each -> each.rows().size()).toList());
        assertEquals(
                List.of(86.6, 33.3, 90.0, 56.0, 56.2),
                values(published.get(0), "LoRA r=64", "17k QwQ"));
        assertEquals(
                List.of(77.0, 10.0, 50.0, 41.1, 44.5), values(published.get(1), "insert", "100 %"));
        assertEquals(List.of(71.2, 49.7, 42.5, 19.1), values(published.get(2), "QwQ", "-"));
        assertEquals(List.of(825.0, 687.0, 15902.0), values(published.get(3), "tokens", "AIME24"));
        assertEquals(
                List.of(77.0, 70.0, 56.0, 0.009),
                values(published.get(4), "keywords", "OlympiadBench"));
        assertEquals(
                List.of(13088.0, 12858.0, 12864.0, 5304.0),
                values(published.get(5), "tokens", "AIME24"));
        assertEquals(
                List.of(143.0, 161.0, 201.0, 210.0),
                values(published.get(6), "keywords", "AIME24"));
        Cell cell = row(published.get(4), "tokens", "AMC23").cells().get(1);
        assertEquals("delete-33", cell.run());
        assertEquals(Metric.TOKENS, cell.metric());
    }

    /** Of the printed averages exactly one contradicts its columns. */
    @Test
    void theWrongAverageIsPointedOut() {
        List<String> notes =
                published.stream()
                        .flatMap(each -> each.notes().stream())
                        .filter(each -> each.contains("printed as"))
                        .toList();
        assertEquals(
                List.of(
                        "The average of the row original is printed as 56.7, and its columns have"
                                + " the average 54.15."),
                notes);
        assertTrue(
                new TableText(published, new OwnRuns())
                        .markdown()
                        .contains("is of another run than long CoT in table 4"));
    }

    private Path summary(String json) throws IOException {
        return Files.writeString(folder.resolve("s" + json.hashCode() + ".json"), json);
    }

    private OwnRuns runs() throws IOException {
        OwnRuns runs = new OwnRuns();
        runs.add(
                "digits-50",
                summary(
                        """
                        {"n_samples": 1245, "n_correct": 845, "accuracy": 67.9}
                        {"benchmark": "math500", "n_samples": 500, "n_correct": 440, "accuracy": 88.0}
                        {"benchmark": "aime24", "n_samples": 30, "n_correct": 3, "accuracy": 10.0}
                        {"benchmark": "amc23", "n_samples": 40, "n_correct": 31, "accuracy": 77.5}
                        {"benchmark": "Olympiad", "n_samples": 675, "n_correct": 371, "accuracy": 54.96}
                        """));
        runs.add(
                "short",
                summary(
                        "{\"benchmark\":\"AIME24\",\"n_samples\":30,\"n_correct\":4,"
                                + "\"accuracy\":13.33,\"mean_tokens\":687.3,\"mean_keywords\":0}"));
        return runs;
    }

    @Test
    void ownRunsStandBesideThem() throws IOException {
        OwnRuns runs = runs();
        List<StudyTable> tables = published.stream().map(each -> each.with(runs)).toList();
        List<Cell> digits = row(tables.get(1), "digits", "50 %").cells();
        assertEquals("inside", digits.get(0).verdict());
        assertEquals(-26.7, digits.get(1).difference(), 1e-9);
        assertEquals("outside", digits.get(1).verdict());
        assertEquals(3.46, digits.get(1).interval().low(), 0.01);
        assertEquals(25.62, digits.get(1).interval().high(), 0.01);
        assertEquals(57.615, digits.get(4).own(), 1e-9);
        assertEquals("outside", digits.get(4).verdict());
        assertNull(row(tables.get(1), "digits", "20 %").cells().get(0).own());
        Cell tokens = row(tables.get(3), "tokens", "AIME24").cells().get(1);
        assertEquals(687.3, tokens.own());
        assertEquals("", tokens.verdict());
        TableText text = new TableText(tables, runs);
        assertTrue(text.markdown().contains("| 36.7 → 10.0 (-26.7, outside) |"));
        assertTrue(
                text.csv()
                        .contains(
                                "2,digits / 50 %,AIME24,digits-50,AIME24,accuracy,36.7,10,3.46,"
                                        + "25.6211,-26.7,outside\n"),
                text.csv());
        assertTrue(text.json().contains("\"published_is\" : \"outside\""));
        assertThrows(
                InputException.class,
                () -> runs.add("short", summary("{\"benchmark\":\"aime-24\",\"accuracy\":1}")));
        assertThrows(InputException.class, () -> runs.add("x", summary("{}")));
    }

    @Test
    void charts() throws Exception {
        OwnRuns runs = runs();
        runs.add("other", summary("{\"accuracy\": 1}"));
        List<StudyTable> tables = published.stream().map(each -> each.with(runs)).toList();
        List<String> missing = new StudyCharts(tables, runs).write(folder);
        assertEquals(2, missing.size());
        for (String name : List.of("figure2", "figure3")) {
            DocumentBuilderFactory parsers = DocumentBuilderFactory.newDefaultNSInstance();
            parsers.setFeature(EXTERNAL_DTD, false);
            Element svg =
                    parsers.newDocumentBuilder()
                            .parse(folder.resolve(name + ".svg").toFile())
                            .getDocumentElement();
            assertEquals("svg", svg.getLocalName());
            assertTrue(svg.getElementsByTagName("path").getLength() > 10);
            assertEquals(1800, ImageIO.read(folder.resolve(name + ".png").toFile()).getWidth());
        }
    }
}
