package dev.longhand.study.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.longhand.study.answer.Extraction.Rule;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** The written-down values of the study's specification. */
class AnswerGoldensTest {
    private static String form(String response, AnswerMode mode) {
        String text = Extraction.of(response, mode).text();
        return text == null ? "" : NormalForm.of(text, mode);
    }

    private static boolean equal(String prediction, String reference, AnswerMode mode) {
        boolean percent = prediction.contains("%") != reference.contains("%");
        return AnswerEquality.compare(prediction, reference, percent, mode).correct();
    }

    static List<JsonNode> normalForms() throws IOException {
        try (InputStream in = AnswerGoldensTest.class.getResourceAsStream("normal-forms.jsonl")) {
            byte[] bytes = Objects.requireNonNull(in).readAllBytes();
            JsonMapper mapper = new JsonMapper();
            return new String(bytes, StandardCharsets.UTF_8).lines().map(mapper::readTree).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("normalForms")
    void normalForm(JsonNode pair) {
        String response = pair.get(0).stringValue();
        assertEquals(
                pair.get(1).stringValue(), form(response, AnswerMode.COMPATIBLE), "compatible");
        assertEquals(pair.get(1).stringValue(), form(response, AnswerMode.DEFAULT), "default");
    }

    @Test
    void thousands() {
        assertEquals("0,1", form("\\boxed{1,000}", AnswerMode.COMPATIBLE));
        assertEquals("1000", form("\\boxed{1,000}", AnswerMode.DEFAULT));
        assertEquals("1234567", form("\\boxed{1{,}234{,}567}", AnswerMode.DEFAULT));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "12~12~true",
                "50~0.5~true",
                "0.5~50~true",
                "1000~10~true",
                "3.1416~3.14159~true",
                "3.14~3.14159~false",
                "33~033~true",
                "(1,2)~[1,2]~true",
                "(1,2)~(1,2.0)~true",
                "1,2~(1,2)~true",
                "x=5~5~true",
                "5~x=5~true",
                "abc=5~5~false",
                "(B)~B~true",
                "``~5~false",
                "2,1~1,2~false",
                "1/3~0.3333~true",
                "x+2~2+x~true",
                "1,000~1000~true",
                "5%~0.05~true",
                "5%~5~true",
                "-1~1~false",
                "1e3~1000~true",
                "Evelyn~evelyn~true",
                "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"
                        + "~\\begin{pmatrix}1&2.0\\\\3&4\\end{pmatrix}~true",
                "0.5~\\frac{1}{2}~true",
                "(x+1)^2~x^2+2x+1~true",
                "y=2x+1~2x+1=y~true",
                "3a+2b+1~3a+1~false",
                "\\frac{3+\\sqrt{7}}{2}~3~false"
            })
    void equality(String prediction, String reference, boolean expected) {
        assertEquals(expected, equal(prediction, reference, AnswerMode.COMPATIBLE));
    }

    /** How SymPy 1.11 and 1.14 read LaTeX, by the harness's own functions. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "x<3~x>3~true",
                "x\\ne3~3\\ne x~true",
                "2<x<5~2<x<\\frac{10}{2}~true",
                "2<x<5~2<x<6~false",
                "\\sin(x)^2~\\sin^2(x)~true",
                "\\sin{x}^2~\\sin(x^2)~true",
                "1/2x~\\frac{1}{2x}~true",
                "1/2x~\\frac{x}{2}~false",
                "x^-1~x~true",
                "2^(3)~2~true",
                "3!^2~36~false",
                "\\pi(4-\\sqrt{3})~4\\pi-\\pi\\sqrt{3}~false",
                "dx~xd~false",
                "f'(x)~f(x)~false",
                "0.\\overline{3}~0.\\overline{6}~true",
                "\\overline{AB}~\\overline{BA}~true",
                "\\overline{AB}~AB~false",
                "a_{12}~a_12~true",
                "a_12~a_1~false",
                "\\log_28~3~true",
                "\\log100~2~false",
                "\\lg100~2~true",
                "\\lfloor3.7\\rfloor~3~true",
                "2\\lfloor n\\rfloor~\\lfloor n\\rfloor~false",
                "\\sqrt[3]8~2~false",
                "\\sqrt{x^2}~x~false",
                "{1,2,3}~{3,2,1}~true",
                "{\\frac{1}{2},1}~{1,\\frac{1}{2}}~false",
                "90\u00b0~90~false",
                "3\u22122~1~false",
                "12\\,345~12345~true",
                "(1,1006)~6600~true",
                "\\begin{pmatrix}1&2\\\\3&5\\end{pmatrix}"
                        + "~\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}~false"
            })
    void compatibleReadings(String prediction, String reference, boolean expected) {
        assertEquals(expected, equal(prediction, reference, AnswerMode.COMPATIBLE));
    }

    /** Where the default differs from the compatible mode, and what must not. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "50~0.5~false",
                "1000~10~false",
                "5\\%~0.05~true",
                "5\\%~5~true",
                "102019~102018~false",
                "[1,2)~(1,2)~false",
                "1~1,2~false",
                "2,1~1,2~true",
                "\\{3,1\\}~1,3~true",
                "1 \\text{ and } 2~2,1~true",
                "\\frac{10}{4}~2.5~true",
                "1\\frac{1}{2}~1.5~true",
                "2\\pi~6.2832~true",
                "2\\pi~6.28~false",
                "e^{i\\pi}~-1~true",
                "\\sin^{-1}(1)~\\frac{\\pi}{2}~true",
                "\\binom{5}{2}~10~true",
                "5!~120~true",
                "k(k+1)~k^2+k~true",
                "\\log_2 8~3~true",
                "x<3~x<4~false",
                "7 \\text{ apples}~7~true",
                "25 cm~25~true",
                "a+b~b~false",
                "\\frac{a}{b}~\\frac{a}{c}~false",
                "x \\in [-2,7]~[-2,7]~true",
                "-.5~-0.5~true",
                "x \\cos y~\\cos(y)x~true",
                "2\\pi r~2r\\pi~true",
                "3 \\leq x~x \\geq 3~true",
                "x>3~3<x~true",
                "x-3>0~x>3~true",
                "x<3~x>3~false",
                "\\ln e^2~2~true",
                "2\\sin x\\cos x~\\sin 2x~true",
                "\\sin(x)^2~\\sin^2 x~true",
                "(3,\\infty)\\cup(-\\infty,2)~(-\\infty,2)\\cup(3,\\infty)~true",
                "(-\\infty,-\\frac12]\\cup[1,\\infty)~(-\\infty,-0.5]\\cup[1,+\\infty)~true",
                "(1,2)\\cup(3,4)~(1,2)\\cup(3,5)~false",
                "(x,y)=(1,2)~(1,2)~true",
                "1,2~(1,2)~true",
                "5,15~[5,15]~false",
                "[1,2,3]~1,2,3~true",
                "(52_8)~52_8~true",
                "x+y=3~3=x+y~true",
                "f(x)=2(x+1)=2x+2~2x+2~true",
                "\\text{thirty-six}~36~true",
                "f=\\text{east}~\\text{east}~true",
                "$864 \\mbox{ inches}^2$~864~true",
                "\\text{$\\frac{1}{2}$}~0.5~true",
                "\\varnothing~\\emptyset~true",
                "2\\lfloor\\frac{n}{5}\\rfloor~\\lfloor\\frac{n}{5}\\rfloor~false"
            })
    void mendedEquality(String prediction, String reference, boolean expected) {
        assertEquals(
                expected,
                AnswerEquality.compareAnswers(prediction, reference, AnswerMode.DEFAULT).correct());
    }

    @Test
    void unitsOfTheThreeKinds() {
        AnswerMode none = new AnswerMode(false, Units.NONE, false, false);
        assertEquals("5apples", NormalForm.of("5 apples", none));
        assertEquals("5", NormalForm.of("5 apples", AnswerMode.DEFAULT));
        assertEquals("a+b", NormalForm.of("a+b", AnswerMode.DEFAULT));
        assertEquals("+b", NormalForm.of("a+b", AnswerMode.COMPATIBLE));
        assertEquals("^2", NormalForm.of("t^2", AnswerMode.COMPATIBLE));
    }

    @Test
    void hendrycks() {
        AnswerMode mode = new AnswerMode(false, Units.NONE, false, true);
        assertEquals("\\frac{1}{2}", NormalForm.of("0.5", mode));
        assertEquals("\\frac{1}{2}", NormalForm.of("\\dfrac12", mode));
        assertEquals("12", NormalForm.of("12\\text{ inches}", mode));
        assertEquals("five", NormalForm.of("five", mode));
        assertEquals(false, AnswerEquality.compareAnswers("x+2", "2+x", mode).correct());
    }

    @Test
    void solutionsOnly() {
        AnswerMode mode = new AnswerMode(false, Units.SAFE, true, false);
        assertNull(Extraction.of("\\boxed{3}", mode).text());
        assertEquals(
                new Extraction(Rule.BOXED, "4"),
                Extraction.of("\\boxed{3}<|begin_of_solution|>\n\\boxed{4}", mode));
        assertEquals(
                new Extraction(Rule.NUMBER, "7"),
                Extraction.of("\\boxed{3}</think>so it is 7", mode));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "I think the answer is definitely \\(8000\\).",
                "So the answer is 8000. But 17 is nice.",
                "the final answer is: $8000$, which is right"
            })
    void wordsAroundASpokenAnswer(String response) {
        assertEquals("8000", form(response, AnswerMode.DEFAULT));
    }

    @ParameterizedTest
    @CsvSource({
        "1.2.3, .3",
        "5-3, -3",
        "'1,234,5', 12345",
        "a-7b, -7",
        "3., 3",
        "-.5, -.5",
        "'x, 4.', 4"
    })
    void lastNumbers(String text, String expected) {
        assertEquals(expected, LastNumber.in(text));
    }

    @ParameterizedTest
    @CsvSource({
        "twenty-one, 21",
        "two hundred thirty four, 234",
        "three million five thousand, 3005000",
        "two point five, 2.5",
        "one apple, one apple",
        "007, 7",
        "thousand thousand, thousand thousand"
    })
    void numberWords(String text, String expected) {
        assertEquals(expected, NumberWords.digits(text, false));
    }
}
