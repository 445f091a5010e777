package dev.longhand.study.instruction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.JsonLines;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Generated responses with the verdicts of lm-eval 0.4.13, where nltk divided sentences with our
 * lists in place of its statistics.
 */
class InstructionGoldensTest {
    private static Path goldens() throws URISyntaxException {
        String other = System.getProperty("longhand.instructions"); // a larger file, by hand
        return other != null
                ? Path.of(other)
                : Path.of(InstructionGoldensTest.class.getResource("goldens.jsonl.gz").toURI());
    }

    private static ObjectNode object(String json) {
        return JsonLine.parse("test", json.getBytes(StandardCharsets.UTF_8)).object();
    }

    @Test
    void theVerdictsAreThoseOfLmEval() throws URISyntaxException {
        Map<String, Integer> counts = new TreeMap<>();
        List<String> wrong = new ArrayList<>();
        for (JsonLine each : JsonLines.readAll(goldens(), line -> line)) {
            String id = each.requiredString("instruction");
            JsonLine arguments = new JsonLine(each.source(), each.object("kwargs"));
            boolean followed = each.bool("followed", false);
            counts.merge(id + " " + followed, 1, Integer::sum);
            if (Instruction.of(id, arguments).followed(each.string("response", "")) != followed) {
                wrong.add(each.object().toString());
            }
        }
        assertEquals(List.of(), wrong);
        assertEquals(50, counts.size(), "each kind is followed and not: " + counts);
        assertEquals(25, Instruction.ids().size());
    }

    @Test
    void aProblemHasAnInstructionForEachKind() {
        ObjectNode meta =
                object(
                        """
                        {"instruction_id_list": ["punctuation:no_comma", "keywords:existence"],
                         "kwargs": [{"num_words": null}, {"keywords": ["f(x", "snow"]}]}
                        """);
        List<Instruction> both = Instruction.of("p:1", meta);
        assertTrue(both.get(0).followed("Snow in F(X)"));
        assertTrue(both.get(1).followed("Snow in F(X)"));
        assertFalse(both.get(1).followed("Snow in f"));
        assertFalse(both.get(0).followed(" \n"), "a blank response follows nothing");
    }

    @Test
    void faultsAreNamed() {
        for (String[] each :
                new String[][] {
                    {"{\"instruction_id_list\": [\"a:b\"], \"kwargs\": [{}]}", "a:b"},
                    {"{\"instruction_id_list\": [\"a:b\"], \"kwargs\": []}", "kwargs"},
                    {
                        "{\"instruction_id_list\": [\"length_constraints:number_words\"],"
                                + " \"kwargs\": [{\"relation\": \"at least\"}]}",
                        "num_words"
                    },
                    {
                        "{\"instruction_id_list\": [\"length_constraints:number_words\"],"
                                + " \"kwargs\": [{\"relation\": \"at most\", \"num_words\": 3}]}",
                        "relation"
                    }
                }) {
            String message =
                    assertThrows(InputException.class, () -> Instruction.of("p:1", object(each[0])))
                            .getMessage();
            assertTrue(message.startsWith("p:1: ") && message.contains(each[1]), message);
        }
    }

    @Test
    void sentencesEndWhereReadersSeeIt() {
        assertEquals(2, Sentences.count("Dr. Smith met J. Bach at 3 p.m. on Monday. He sang."));
        assertEquals(3, Sentences.count("What?! (Really.) \u201cYes.\u201d"));
        assertEquals(1, Sentences.count("It costs $3.50, e.g. for apples"));
        assertEquals(0, Sentences.count(""));
        assertEquals(2, Sentences.count("We shipped it to Acme Inc. The rest came later."));
    }

    @Test
    void languagesAreToldApart() {
        assertEquals("en", ResponseLanguage.of("THE CAT SAT ON THE MAT AND IT WAS HAPPY"));
        assertEquals("de", ResponseLanguage.of("Die Katze sitzt auf dem Dach und ist froh"));
        assertEquals(
                "vi", ResponseLanguage.of("T\u00f4i kh\u00f4ng bi\u1ebft \u0111i\u1ec1u n\u00e0y"));
        assertEquals("", ResponseLanguage.of("12 + 3 = 15"));
        assertTrue(ResponseLanguage.mayBe("zh-cn", "\u4f60\u597d\uff0c\u4e16\u754c"));
        assertFalse(ResponseLanguage.mayBe("zh-cn", "\u3053\u308c\u306f\u30da\u30f3\u3067\u3059"));
    }
}
