package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Greedy ids and log-probabilities of whole models against transformers. */
class GoldenTest {
    private static final int TOP = 5;

    @TestFactory
    Stream<DynamicTest> cpu() {
        return tests(Device.CPU, 2e-4);
    }

    @TestFactory
    Stream<DynamicTest> reference() {
        return tests(Device.REFERENCE, 5e-5);
    }

    private static Stream<DynamicTest> tests(Device device, double tolerance) {
        List<Path> checkpoints = Goldens.checkpoints();
        assertTrue(checkpoints.size() >= 6, "goldens are missing");
        return checkpoints.stream()
                .map(
                        checkpoint ->
                                DynamicTest.dynamicTest(
                                        checkpoint.getFileName() + " on " + device.optionName(),
                                        () -> check(checkpoint, device, tolerance)));
    }

    private static void check(Path checkpoint, Device device, double tolerance) {
        TestDevices.require(device);
        EngineConfig config = EngineConfig.of(checkpoint).device(device).build();
        double worst = 0;
        try (Engine engine = Engine.open(config)) {
            for (Goldens.Case golden : Goldens.cases(checkpoint)) {
                GenerationRequest request =
                        GenerationRequest.ids(golden.prompt())
                                .withMaxTokens(golden.ids().size())
                                .withSampling(SamplingOptions.greedy().withLogprobs(TOP))
                                .ignoringEos();
                Completion completion = Completion.of(engine, request);
                assertEquals(golden.ids(), completion.ids(), golden.prompt().size() + " tokens");
                worst = Math.max(worst, worst(golden.logprobs(), completion.logprobs()));
            }
        }
        System.out.printf(
                "golden %s on %s: largest log-probability error %.1e%n",
                checkpoint.getFileName(), device.optionName(), worst);
        assertTrue(worst <= tolerance, "error " + worst + " exceeds " + tolerance);
    }

    private static double worst(JsonNode expected, List<List<TokenLogprob>> actual) {
        double worst = 0;
        for (int step = 0; step < actual.size(); step++) {
            assertEquals(TOP, actual.get(step).size());
            for (int rank = 0; rank < TOP; rank++) {
                double wanted = expected.get(step).get(rank).get(1).asDouble();
                worst = Math.max(worst, Math.abs(wanted - actual.get(step).get(rank).logprob()));
            }
        }
        return worst;
    }
}
