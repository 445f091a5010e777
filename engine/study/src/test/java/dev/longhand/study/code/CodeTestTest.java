package dev.longhand.study.code;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.node.ObjectNode;

import java.util.List;

/** Tests in the forms of their publishers. */
class CodeTestTest {
    private static List<CodeTest> tests(String key, String text) {
        ObjectNode meta = JsonLine.newObject();
        meta.put(key, text);
        return CodeTest.of(meta);
    }

    /** Made by Python 3.11: base64(zlib.compress(pickle.dumps(text, protocol))). */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "eJxrYIrIZ2BgiK5WyswrKC1RslJQMlQwislT0lFQyi8tgQoZQwRKUotLSioLUkFCxSUpmXlKtToKSDoPr0TVZopD"
                    + "U2whgx4AY5IkTg==",
                "eJxrYJlazAABPfnR1UqZeQWlJUpWCkqGCkYxeUo6Ckr5pSVQIWOIQElqcUlJZUEqSKi4JCUzT6lWRwFJ5+GVqNpM"
                    + "cWiKnaIHANg4Ja8=",
                "eJxrYJ1azAABPfnR1UqZeQWlJUpWCkqGCkYxeUo6Ckr5pSVQIWOIQElqcUlJZUEqSKi4JCUzT6lWRwFJ5+GVqNpM"
                    + "cWiKnaIHANi1JbA="
            })
    void privateTestsOfLiveCodeBench(String packed) {
        assertEquals(
                List.of(new CodeTest(null, "1 2\n", "3\n"), new CodeTest(null, "é", "5")),
                tests("private_test_cases", packed));
    }

    @Test
    void privateTestsAsJson() {
        assertEquals(
                List.of(new CodeTest(null, "1", "2")),
                tests("private_test_cases", "[{\"input\":\"1\",\"output\":\"2\"}]"));
    }

    /** A list, an object whose unpickling calls os.system, a cut text, no base64, nothing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "eJxrYJnKyQABsVM0vBm9mVL1ACJhA2g=",
                "eJxrYJkqzwABPawF+cWZFVN62Iori0tSc6dMntLDUlJUmjqldUrQFD0AA2gOlA==",
                "eJxrYJlazAABPfnR1UqZeQWlJUpWCkqGCg==",
                "tests",
                "!"
            })
    void whatIsNoPickledStringIsRefused(String packed) {
        InputException refused =
                assertThrows(InputException.class, () -> tests("private_test_cases", packed));
        assertTrue(refused.getMessage().startsWith("private_test_cases is neither"));
    }
}
