package dev.longhand.study.perturb;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.study.format.Span;
import dev.longhand.study.segment.Step;
import dev.longhand.study.segment.TaggedAnswer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The results that the study's specification writes down, with seed 0. */
class PerturbationGoldensTest {
    private static final String DIGITS = "17 plus 25 is 42, x2 = 3.14 and a_1 = 1,000; \\boxed{42}";

    private static final Map<String, Integer> DONORS = Map.of("s2", 4, "s3", 9);

    @Test
    void theStream() {
        SeededStream stream = new SeededStream(0, "digits", "a");
        assertEquals(0xabb5b2ed2532e856L, stream.state());
        assertEquals(0x146802b46d9ca2c1L, stream.next());
        assertEquals(0x4e7474a46b1d0145L, stream.next());
        assertEquals(0x01e6525951dfe62eL, stream.next());
        SeededStream again = new SeededStream(0, "digits", "a");
        assertEquals(0.079712075281, again.uniform(), 1e-12);
        assertEquals(0.306464471952, again.uniform(), 1e-12);
        assertEquals(0.007420679862, again.uniform(), 1e-12);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0   | 0 | 0 | 17 plus 25 is 42, x2 = 3.14 and a_1 = 1,000; \\boxed{42}",
                "0.2 | 3 | 3 | 17 plus 25 is 42, x2 = 8 and a_1 = 1,5; \\boxed{1}",
                "0.5 | 5 | 5 | 8 plus 0 is 42, x2 = 3.14 and a_1 = 5,1; \\boxed{9}",
                "0.7 | 5 | 5 | 8 plus 0 is 42, x2 = 3.14 and a_1 = 5,1; \\boxed{9}",
                "1   | 7 | 6 | 8 plus 0 is 7, x2 = 5 and a_1 = 1,9; \\boxed{9}"
            })
    void digits(double ratio, int touched, int changed, String expected) {
        SeededStream random = new SeededStream(0, "digits", "s1");
        Span all = new Span(0, DIGITS.length());
        Perturbed result = DigitCorruption.apply(DIGITS, all, ratio, random);
        assertEquals(expected, result.text());
        assertEquals(7, result.units());
        assertEquals(touched, result.touched());
        assertEquals(changed, result.changed());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7:36 AM, 16.8 km | 7 36 16.8",
                "3.5.7 and v2 | 3.5 7",
                "\\frac{12}{7} | 12 7",
                "-3 and +4 | 3 4",
                "second 2nd 30*7 | 30 7",
                "1e5 0x1F | ''",
                "0.5x | 0",
                "1,000 2^{10} 3. | 1 000 2 10 3",
                "é5 5é ٣5 5 | 5"
            })
    void numbers(String text, String expected) {
        assertEquals(
                expected,
                DigitCorruption.numbers(text, new Span(0, text.length())).stream()
                        .map(each -> each.of(text))
                        .collect(Collectors.joining(" ")));
    }

    private static TaggedAnswer answer(int n) {
        return TaggedAnswer.parse(TaggedAnswer.layOut(body(n), "solution")).orElseThrow();
    }

    private static String body(int n) {
        return IntStream.range(0, n).mapToObj(i -> "" + i).collect(Collectors.joining("\n\n"));
    }

    private static List<Step> steps(int n) {
        return IntStream.range(0, n)
                .mapToObj(i -> new Step("" + i, new Span(2 + 3 * i, 3 + 3 * i)))
                .toList();
    }

    /** The original indexes of the steps in a result. */
    private static String order(Perturbed result) {
        TaggedAnswer after = TaggedAnswer.parse(result.text()).orElseThrow();
        assertEquals(answer(1).rest(), after.rest());
        return Arrays.stream(after.body().strip().split("\n\n")).collect(Collectors.joining(","));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5 | 0.33 | 0,2,4",
                "5 | 0.67 | 2,4",
                "5 | 1.0 | ''",
                "6 | 0.33 | 0,2,3,5",
                "6 | 0.67 | 2,5",
                "6 | 1.0 | ''",
                "9 | 0.33 | 0,2,3,5,7,8",
                "9 | 0.67 | 3,7,8",
                "9 | 1.0 | ''"
            })
    void delete(int n, double ratio, String expected) {
        SeededStream random = new SeededStream(0, "delete", "s1");
        assertEquals(expected, order(StepEdits.delete(answer(n), steps(n), ratio, random)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5 | 0.33 | 0,4,2,3,1",
                "5 | 0.67 | 4,0,2,3,1",
                "5 | 1.0 | 1,3,0,4,2",
                "6 | 0.33 | 0,1,4,3,2,5",
                "6 | 0.67 | 0,2,4,3,1,5",
                "6 | 1.0 | 5,4,2,1,0,3",
                "9 | 0.33 | 0,1,2,7,4,5,3,6,8",
                "9 | 0.67 | 7,1,6,3,4,2,0,5,8",
                "9 | 1.0 | 4,8,3,5,6,1,0,2,7"
            })
    void shuffle(int n, double ratio, String expected) {
        SeededStream random = new SeededStream(0, "shuffle", "s1");
        assertEquals(expected, order(StepEdits.shuffle(answer(n), steps(n), ratio, random)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0.33 | s2:1,s3:0,2,3,4,5",
                "0.67 | s3:0,s3:5,s3:7,3,s3:6,5",
                "1.0 | s3:5,s3:7,s3:6,s3:6,s3:1,s3:4"
            })
    void insert(double ratio, String expected) {
        SeededStream random = new SeededStream(0, "insert", "s1");
        Supplier<String> donors =
                () -> {
                    String donor = List.of("s2", "s3").get(random.below(2));
                    return donor + ":" + random.below(DONORS.get(donor));
                };
        Perturbed result = StepEdits.insert(answer(6), steps(6), ratio, donors, random, false);
        assertEquals(expected, order(result));
    }
}
