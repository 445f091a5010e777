package dev.longhand.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.cases.OpCase;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The ops that {@link KernelBenchmark} can be asked for. */
class KernelBenchmarkTest {
    /** Every kind of case is among the defaults, each by a name that leads to one case. */
    @Test
    void kernelCases() throws ReflectiveOperationException {
        List<String> defaults =
                List.of(KernelBenchmark.class.getField("op").getAnnotation(Param.class).value());
        Set<Class<?>> kinds =
                defaults.stream()
                        .map(TimedCase::named)
                        .map(Object::getClass)
                        .collect(Collectors.toSet());
        assertEquals(Set.of(OpCase.class.getPermittedSubclasses()), kinds);
        error("'nothing' is part of the names of 0 cases", () -> TimedCase.named("nothing"));
        error("for example linear", () -> TimedCase.named("linear"));
    }

    private static void error(String beginning, Runnable wrong) {
        String message = assertThrows(InputException.class, wrong::run).getMessage();
        assertTrue(message.contains(beginning), message);
        assertEquals(1, message.lines().count());
    }
}
