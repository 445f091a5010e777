package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.Prefill;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** Greedy ids and log-probabilities of whole models against transformers. */
class GoldenTest {
    private static final int TOP = 5;

    /** A test subject: a checkpoint or one of its adapters, applied or merged. */
    record Subject(Path folder, boolean adapter, boolean merged) {
        Path checkpoint() {
            return adapter ? folder.resolve("../..").normalize() : folder;
        }

        @Override
        public String toString() {
            return Goldens.FOLDER.relativize(folder) + (merged ? "/merged" : "");
        }
    }

    @TestFactory
    Stream<DynamicTest> cpu() {
        return tests(Device.CPU, checkpointsAndAdapters(), subject -> 2e-4);
    }

    /** Compares merged adapters; merged weights are rounded to bf16, as PEFT's are. */
    @TestFactory
    Stream<DynamicTest> merged() {
        List<Subject> merged =
                Goldens.adapters().stream().map(folder -> new Subject(folder, true, true)).toList();
        return roundingTests(Device.CPU, merged);
    }

    @TestFactory
    Stream<DynamicTest> reference() {
        return tests(Device.REFERENCE, checkpointsAndAdapters(), subject -> 5e-5);
    }

    /** Compares GPTQ and AWQ checkpoints; the CPU rounds their activations to 16 bits. */
    @TestFactory
    Stream<DynamicTest> quantizedOnCpu() {
        return tests(Device.CPU, quantized(), subject -> 2e-3);
    }

    @TestFactory
    Stream<DynamicTest> quantizedOnReference() {
        return tests(Device.REFERENCE, quantized(), subject -> 1e-4);
    }

    private static List<Subject> quantized() {
        List<Path> checkpoints = Goldens.quantized();
        assertTrue(checkpoints.size() >= 5, "goldens are missing");
        return checkpoints.stream().map(folder -> new Subject(folder, false, false)).toList();
    }

    /**
     * Compares the CUDA path, which rounds to bf16, allowing twice the error of transformers in
     * bf16.
     */
    @TestFactory
    Stream<DynamicTest> ptx() {
        return roundingTests(TestDevices.PTX, withHeadsOfCuda());
    }

    /** Makes the same comparison on this machine's GPU. */
    @Tag("gpu")
    @TestFactory
    Stream<DynamicTest> gpu() {
        return roundingTests(Device.CUDA, withHeadsOfCuda());
    }

    private static List<Subject> withHeadsOfCuda() {
        return checkpointsAndAdapters().stream()
                .filter(subject -> ModelConfig.read(subject.checkpoint()).headDim() <= 128)
                .toList();
    }

    /** The CUDA kernels have no heads of 256 elements, which most models of Gemma 2 have. */
    @Test
    void cudaRefusesLargerHeads() {
        TestDevices.require(TestDevices.PTX);
        EngineConfig config =
                EngineConfig.of(Goldens.checkpoint("gemma2-dim256")).withDevice(TestDevices.PTX);
        String message = assertThrows(InputException.class, () -> Engine.open(config)).getMessage();
        assertTrue(message.contains("heads of 32, 64 and 128 elements"), message);
        assertEquals(1, message.lines().count());
    }

    private static List<Subject> checkpointsAndAdapters() {
        List<Path> checkpoints = Goldens.checkpoints();
        List<Path> adapters = Goldens.adapters();
        assertTrue(checkpoints.size() >= 6 && adapters.size() >= 5, "goldens are missing");
        return Stream.concat(
                        checkpoints.stream().map(folder -> new Subject(folder, false, false)),
                        adapters.stream().map(folder -> new Subject(folder, true, false)))
                .toList();
    }

    private static Stream<DynamicTest> roundingTests(Device device, List<Subject> subjects) {
        JsonNode noise = Goldens.read(Goldens.FOLDER.resolve("bf16_noise.json"));
        return tests(
                device, subjects, subject -> 2 * noise.required(subject.toString()).asDouble());
    }

    private static Stream<DynamicTest> tests(
            Device device, List<Subject> subjects, ToDoubleFunction<Subject> toleranceOf) {
        return subjects.stream()
                .map(
                        subject ->
                                DynamicTest.dynamicTest(
                                        subject + " on " + device.name(),
                                        () ->
                                                check(
                                                        subject,
                                                        device,
                                                        Prefill.OWN,
                                                        toleranceOf.applyAsDouble(subject))));
    }

    static void check(Subject subject, Device device, Prefill prefill, double tolerance)
            throws InterruptedException {
        TestDevices.require(device);
        EngineConfig config =
                EngineConfig.of(subject.checkpoint()).withDevice(device).withPrefill(prefill);
        if (subject.adapter()) {
            config = config.withAdapter("it", subject.folder());
        }
        double worst = 0;
        int equal = 0;
        int all = 0;
        try (Engine engine = Engine.open(config)) {
            if (subject.merged()) {
                engine.adapters().merge("it");
            }
            for (Goldens.Case golden : Goldens.cases(subject.folder())) {
                GenerationRequest request =
                        GenerationRequest.ids(golden.prompt())
                                .withMaxTokens(golden.ids().size())
                                .withSampling(SamplingOptions.greedy().withLogprobs(TOP))
                                .ignoringEos();
                Completion completion =
                        Completion.of(
                                engine, subject.adapter() ? request.withAdapter("it") : request);
                int steps = agreeing(golden, completion.ids(), tolerance);
                worst = Math.max(worst, worst(golden.logprobs(), completion.logprobs(), steps));
                equal += steps;
                all += golden.ids().size();
            }
        }
        System.out.printf(
                "golden %s on %s: %d of %d ids compared, largest log-probability error %.1e%n",
                subject, device.name(), equal, all, worst);
        if (device.equals(TestDevices.PTX)) {
            assertEquals(List.of(), TestDevices.ptx().findings());
        }
        assertTrue(worst <= tolerance, "error " + worst + " exceeds " + tolerance);
    }

    /**
     * Returns the number of steps before the first id that differs. A difference is allowed only at
     * a tie: the golden's log-probabilities of the two ids are at most twice the tolerance apart,
     * since each may be off by it.
     */
    private static int agreeing(Goldens.Case golden, List<Integer> ids, double tolerance) {
        for (int step = 0; step < golden.ids().size(); step++) {
            int actual = ids.get(step);
            if (actual != golden.ids().get(step)) {
                JsonNode top = golden.logprobs().get(step);
                double gap =
                        top.valueStream()
                                .filter(entry -> entry.get(0).asInt() == actual)
                                .mapToDouble(entry -> top.get(0).get(1).asDouble())
                                .findFirst()
                                .orElse(Double.POSITIVE_INFINITY);
                for (JsonNode entry : top) {
                    gap -= entry.get(0).asInt() == actual ? entry.get(1).asDouble() : 0;
                }
                assertTrue(
                        gap <= 2 * tolerance,
                        "step %d: %d instead of %d, %g apart"
                                .formatted(step, actual, golden.ids().get(step), gap));
                return step;
            }
        }
        return golden.ids().size();
    }

    /**
     * Returns the largest error over the golden's most likely tokens as reported by the backend.
     */
    private static double worst(JsonNode expected, List<List<TokenLogprob>> actual, int steps) {
        double worst = 0;
        for (int step = 0; step < steps; step++) {
            assertEquals(TOP, actual.get(step).size());
            for (int rank = 0; rank < TOP; rank++) {
                double wanted = expected.get(step).get(rank).get(1).asDouble();
                worst = Math.max(worst, Math.abs(wanted - actual.get(step).get(rank).logprob()));
            }
        }
        return worst;
    }
}
