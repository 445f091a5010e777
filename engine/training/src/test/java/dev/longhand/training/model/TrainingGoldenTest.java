package dev.longhand.training.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.HostTensor;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Twelve steps beside transformers and peft in float32: losses within 1e-5, norms within 1e-4,
 * weights within 2e-4 of their change. Each deliberate fault misses one of these bars.
 */
class TrainingGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"lora-all", "lora-rslora", "full-tied", "full-untied"})
    void equalsTorch(String name) {
        GoldenRun run = new GoldenRun(name);
        GoldenRun.Errors errors = run.run(run.settings());
        assertTrue(errors.within(), errors.toString());
    }

    @TestFactory
    Stream<DynamicTest> faultsOfLora() {
        Map<String, UnaryOperator<GoldenRun.Settings>> faults = common();
        faults.put("scale of rsLoRA", s -> s.withMethod(with((LoraSettings) s.method(), true)));
        faults.put(
                "gradient of A without the scale",
                s -> s.withBackend(backend -> scaled(backend, "linearBackwardInput", 2)));
        return tests("lora-all", faults);
    }

    @TestFactory
    Stream<DynamicTest> faultsOfFullTraining() {
        Map<String, UnaryOperator<GoldenRun.Settings>> faults = common();
        faults.put("no gradient of biases", s -> s.withBackend(b -> without(b, "biasBackward")));
        faults.put(
                "no gradient of the embedding",
                s -> s.withBackend(b -> without(b, "embedBackward")));
        faults.put("bf16 copies", s -> s.withMethod(new FullSettings(true)));
        return tests("full-tied", faults);
    }

    private static LoraSettings with(LoraSettings lora, boolean rsLora) {
        return new LoraSettings(lora.rank(), lora.alpha(), rsLora, lora.targets(), 0);
    }

    private static Stream<DynamicTest> tests(
            String golden, Map<String, UnaryOperator<GoldenRun.Settings>> faults) {
        return faults.entrySet().stream()
                .map(
                        fault ->
                                DynamicTest.dynamicTest(
                                        fault.getKey(),
                                        () -> {
                                            GoldenRun run = new GoldenRun(golden);
                                            GoldenRun.Errors errors =
                                                    run.run(fault.getValue().apply(run.settings()));
                                            assertFalse(errors.within(), errors.toString());
                                        }));
    }

    private static Map<String, UnaryOperator<GoldenRun.Settings>> common() {
        Map<String, UnaryOperator<GoldenRun.Settings>> faults = new LinkedHashMap<>();
        faults.put("labels shifted", s -> s.withSequences(each(TrainingGoldenTest::shifted)));
        faults.put("prompt learned", s -> s.withSequences(each(TrainingGoldenTest::allLearned)));
        faults.put("mean over tokens", s -> s.withSequences(TrainingGoldenTest::tokenMean));
        faults.put("beta2", s -> s.withStep(a -> adamW(a, a.count(), 0.99, 1e-8, 0)));
        faults.put("no bias correction", s -> s.withStep(a -> adamW(a, 1_000_000, 0.999, 1e-8, 0)));
        faults.put("epsilon", s -> s.withStep(a -> adamW(a, a.count(), 0.999, 1e-6, 0)));
        faults.put("weight decay", s -> s.withStep(a -> adamW(a, a.count(), 0.999, 1e-8, 0.01)));
        faults.put("no clipping", s -> s.withStep(TrainingGoldenTest::unclipped));
        faults.put(
                "rotation not turned back",
                s -> s.withBackend(b -> changed(b, "rotate", args -> args[2] = false)));
        faults.put(
                "attention without delta",
                s -> s.withBackend(b -> changed(b, "attentionBackward", args -> zero(args, 4))));
        faults.put(
                "norm without its projection",
                s -> s.withBackend(b -> changed(b, "rmsNormBackward", args -> zero(args, 0))));
        faults.put(
                "SwiGLU by another gate",
                s -> s.withBackend(b -> changed(b, "swiGluBackward", args -> zero(args, 0))));
        return faults;
    }

    private static UnaryOperator<List<TrainingSequence>> each(
            UnaryOperator<TrainingSequence> change) {
        return sequences -> sequences.stream().map(change).toList();
    }

    private static TrainingSequence shifted(TrainingSequence sequence) {
        int[] labels = sequence.labels().clone();
        System.arraycopy(sequence.labels(), 1, labels, 0, labels.length - 1);
        return withLabels(sequence, labels);
    }

    private static TrainingSequence allLearned(TrainingSequence sequence) {
        return withLabels(sequence, sequence.ids());
    }

    private static TrainingSequence withLabels(TrainingSequence sequence, int[] labels) {
        return new TrainingSequence(
                sequence.ids(), labels, sequence.labelWeight(), sequence.dropoutKey());
    }

    private static List<TrainingSequence> tokenMean(List<TrainingSequence> sequences) {
        double labels =
                sequences.stream().mapToDouble(s -> 1 / (s.labelWeight() * sequences.size())).sum();
        return sequences.stream()
                .map(s -> new TrainingSequence(s.ids(), s.labels(), 1 / labels, 0))
                .toList();
    }

    private static AdamWStep adamW(
            AdamWStep step, long count, double beta2, double epsilon, double decay) {
        return new AdamWStep(
                count,
                step.learningRate(),
                step.learningRateB(),
                step.gradientScale(),
                step.beta1(),
                beta2,
                epsilon,
                decay);
    }

    private static AdamWStep unclipped(AdamWStep step) {
        return new AdamWStep(
                step.count(),
                step.learningRate(),
                step.learningRateB(),
                1,
                step.beta1(),
                step.beta2(),
                step.epsilon(),
                step.weightDecay());
    }

    /** Replaces an argument by zeros of its shape. */
    private static void zero(Object[] arguments, int index) {
        HostTensor tensor = (HostTensor) arguments[index];
        MemorySegment data = Arena.ofAuto().allocate(tensor.bytes(), 64);
        arguments[index] = new HostTensor(tensor.dtype(), tensor.shape(), data);
    }

    private static TrainingBackend scaled(TrainingBackend backend, String op, double factor) {
        return changed(
                backend,
                op,
                args ->
                        Arrays.setAll(
                                args,
                                i ->
                                        args[i] instanceof Double scale && scale != 1
                                                ? scale / factor
                                                : args[i]));
    }

    private static TrainingBackend without(TrainingBackend backend, String op) {
        return proxy(
                backend,
                (method, args) -> method.getName().equals(op) ? null : call(backend, method, args));
    }

    private static TrainingBackend changed(
            TrainingBackend backend, String op, Consumer<Object[]> change) {
        return proxy(
                backend,
                (method, args) -> {
                    if (method.getName().equals(op)) {
                        change.accept(args);
                    }
                    return call(backend, method, args);
                });
    }

    private interface Handler {
        Object handle(Method method, Object[] args) throws Throwable;
    }

    private static Object call(TrainingBackend backend, Method method, Object[] args)
            throws Throwable {
        try {
            return method.invoke(backend, args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static TrainingBackend proxy(TrainingBackend backend, Handler handler) {
        return (TrainingBackend)
                Proxy.newProxyInstance(
                        TrainingBackend.class.getClassLoader(),
                        new Class<?>[] {TrainingBackend.class},
                        (_, method, args) -> handler.handle(method, args));
    }
}
