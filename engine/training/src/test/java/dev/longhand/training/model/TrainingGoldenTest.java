package dev.longhand.training.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Twelve steps of Qwen2, and two of each other family, beside transformers and peft in float32:
 * losses within 1e-5, norms within 1e-4, weights within 2e-4 of their change. Each deliberate fault
 * misses one of these bars.
 */
class TrainingGoldenTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "lora-all",
                "lora-rslora",
                "lora-token",
                "full-tied",
                "full-untied",
                "full-token-decay",
                "full-group1",
                "llama-lora",
                "llama-full",
                "mistral-lora",
                "mistral-full",
                "qwen3-lora",
                "qwen3-full",
                "gemma2-lora",
                "gemma2-full"
            })
    void equalsTorch(String name) {
        GoldenRun run = new GoldenRun(name);
        GoldenRun.Errors errors = run.run(run.settings());
        assertTrue(errors.within(), errors.toString());
    }

    @TestFactory
    Stream<DynamicTest> faultsOfLora() {
        GoldenRun run = new GoldenRun("lora-all");
        return tests(run, TrainingFaults.lora(run));
    }

    @TestFactory
    Stream<DynamicTest> faultsOfFullTraining() {
        GoldenRun run = new GoldenRun("full-tied");
        return tests(run, TrainingFaults.full(run));
    }

    private static Stream<DynamicTest> tests(
            GoldenRun run, Map<String, UnaryOperator<GoldenRun.Settings>> faults) {
        return faults.entrySet().stream()
                .map(
                        fault ->
                                DynamicTest.dynamicTest(
                                        fault.getKey(),
                                        () -> {
                                            GoldenRun.Errors errors =
                                                    run.run(fault.getValue().apply(run.settings()));
                                            assertFalse(errors.within(), errors.toString());
                                        }));
    }

    /** Two faults leave the norms within their bar. */
    @ParameterizedTest
    @ValueSource(strings = {"weight decay", "bf16 gradients"})
    void weightsShowWhatLossesHide(String fault) {
        GoldenRun run = new GoldenRun("lora-all");
        GoldenRun.Errors errors =
                run.run(TrainingFaults.common(run).get(fault).apply(run.settings()));
        assertTrue(errors.norm() <= 1e-4 && errors.weights() > 2e-4, errors.toString());
    }
}
