package dev.longhand.study.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Only the whole content of a box counts. */
class BoxedAnswerTest {
    @ParameterizedTest
    @CsvSource({
        "true, 'So it is $\\boxed{408}$.', 408",
        "true, '\\boxed{17} or \\boxed{408}', 408",
        "false, 'So it is 408.', 408",
        "false, '\\boxed{4080}', 408",
        "false, '\\boxed{ 408 }', 408"
    })
    void theAnswerStandsInABox(boolean expected, String text, String answer) {
        assertEquals(expected, BoxedAnswer.contains(text, answer));
    }
}
