package dev.longhand.bindings.ptx;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.util.stream.Stream;

/** Every form of every instruction on registers, against a scalar reference. */
class FormTest {
    private static PtxRun run;

    @BeforeAll
    static void open() {
        run = new PtxRun();
    }

    @AfterAll
    static void close() {
        if (run != null) {
            run.close();
        }
    }

    static Stream<Form> all() {
        return Stream.of(
                        IntegerForms.all(),
                        BitForms.all(),
                        FloatForms.all(),
                        HalfForms.all(),
                        CompareForms.all(),
                        ConvertForms.all(),
                        SmallFloatForms.all(),
                        MoveForms.all(),
                        WarpForms.all(),
                        MatrixForms.all())
                .flatMap(forms -> forms);
    }

    @TestFactory
    Stream<DynamicTest> integers() {
        return FormRunner.tests(run, IntegerForms.all());
    }

    @TestFactory
    Stream<DynamicTest> bits() {
        return FormRunner.tests(run, BitForms.all());
    }

    @TestFactory
    Stream<DynamicTest> floats() {
        return FormRunner.tests(run, FloatForms.all());
    }

    @TestFactory
    Stream<DynamicTest> halves() {
        return FormRunner.tests(run, HalfForms.all());
    }

    @TestFactory
    Stream<DynamicTest> comparisons() {
        return FormRunner.tests(run, CompareForms.all());
    }

    @TestFactory
    Stream<DynamicTest> conversions() {
        return FormRunner.tests(run, ConvertForms.all());
    }

    @TestFactory
    Stream<DynamicTest> smallFloats() {
        return FormRunner.tests(run, SmallFloatForms.all());
    }

    @TestFactory
    Stream<DynamicTest> moves() {
        return FormRunner.tests(run, MoveForms.all());
    }

    @TestFactory
    Stream<DynamicTest> warps() {
        return FormRunner.tests(run, WarpForms.all());
    }

    @TestFactory
    Stream<DynamicTest> matrices() {
        return FormRunner.tests(run, MatrixForms.all());
    }
}
