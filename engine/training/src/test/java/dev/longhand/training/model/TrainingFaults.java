package dev.longhand.training.model;

import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Deliberate faults of a trainer, by name, as changes of a {@link GoldenRun}. */
final class TrainingFaults {
    private final GoldenRun run;
    private final Map<String, UnaryOperator<GoldenRun.Settings>> faults = new LinkedHashMap<>();

    private TrainingFaults(GoldenRun run) {
        this.run = run;
    }

    /** Faults of any method. */
    static Map<String, UnaryOperator<GoldenRun.Settings>> common(GoldenRun run) {
        TrainingFaults planted = new TrainingFaults(run);
        planted.plantLosses();
        planted.plantUpdates();
        planted.plantBackward();
        return planted.faults;
    }

    /** Faults of adapters, with the common ones. */
    static Map<String, UnaryOperator<GoldenRun.Settings>> lora(GoldenRun run) {
        TrainingFaults planted = new TrainingFaults(run);
        planted.faults.putAll(common(run));
        planted.plantAdapters();
        return planted.faults;
    }

    /** Faults of training all weights, with the common ones. */
    static Map<String, UnaryOperator<GoldenRun.Settings>> full(GoldenRun run) {
        TrainingFaults planted = new TrainingFaults(run);
        planted.faults.putAll(common(run));
        planted.backend("no gradient of biases", b -> without(b, "biasBackward"));
        planted.backend("no gradient of the embedding", b -> without(b, "embedBackward"));
        planted.faults.put("bf16 copies", s -> s.withMethod(new FullSettings(true)));
        return planted.faults;
    }

    private void backend(String name, UnaryOperator<TrainingBackend> fault) {
        faults.put(name, s -> s.withBackend(fault));
    }

    private void step(String name, UnaryOperator<AdamWStep> fault) {
        faults.put(name, s -> s.withStep(fault));
    }

    private void sequences(String name, UnaryOperator<List<TrainingSequence>> fault) {
        faults.put(name, s -> s.withSequences(fault));
    }

    private void plantLosses() {
        sequences("labels shifted", each(TrainingFaults::shifted));
        sequences("prompt learned", each(TrainingFaults::allLearned));
        sequences("other normalisation", run::otherNormalisation);
        sequences("mean over tokens of each micro-batch", TrainingFaults::microBatchMeans);
    }

    private void plantUpdates() {
        step("beta2", a -> adamW(a, a.count(), 0.99, 1e-8, a.weightDecay()));
        step("no bias correction", a -> adamW(a, 1_000_000, 0.999, 1e-8, a.weightDecay()));
        step("epsilon", a -> adamW(a, a.count(), 0.999, 1e-6, a.weightDecay()));
        step("weight decay", a -> adamW(a, a.count(), 0.999, 1e-8, 0.01 - a.weightDecay()));
        step("no clipping", a -> rated(a, a.learningRate(), 1));
        step("schedule a step early", a -> rated(a, run.rate(a.count()), a.gradientScale()));
        step("schedule a step late", a -> rated(a, run.rate(a.count() - 2), a.gradientScale()));
        backend("bf16 masters", b -> after(b, "update", args -> round(b, args[1])));
        backend("bf16 gradients", b -> changed(b, "update", args -> round(b, args[2])));
    }

    private void plantBackward() {
        backend("rotation not turned back", b -> changed(b, "rotate", args -> args[2] = false));
        backend(
                "attention without delta",
                b -> changed(b, "attentionBackward", args -> args[4] = zeros(args[4])));
        backend("key gradients of one head of a group", TrainingFaults::oneHeadOfAGroup);
        backend(
                "norm without its projection",
                b -> changed(b, "rmsNormBackward", args -> args[0] = zeros(args[0])));
        backend(
                "SwiGLU of a gate of zeros",
                b -> changed(b, "swiGluBackward", args -> args[0] = zeros(args[0])));
        backend("sigmoid as the derivative of SiLU", TrainingFaults::sigmoidAsDerivative);
    }

    private void plantAdapters() {
        LoraSettings lora = (LoraSettings) run.settings().method();
        faults.put(
                "the other scale of LoRA and rsLoRA",
                s ->
                        s.withMethod(
                                new LoraSettings(
                                        lora.rank(),
                                        lora.alpha(),
                                        !lora.rsLora(),
                                        lora.targets(),
                                        0)));
        backend(
                "gradient of A without the scale",
                b -> changed(b, "linearBackwardInput", args -> setUnless1(args, 2)));
        backend("gradient of B without the scale", b -> unscaledB(b, lora));
        backend("no adapter in the gradient of x", b -> withoutAdapter(b, lora));
    }

    private static void setUnless1(Object[] args, int index) {
        if ((double) args[index] != 1) {
            args[index] = 1.0;
        }
    }

    private static UnaryOperator<List<TrainingSequence>> each(
            UnaryOperator<TrainingSequence> change) {
        return sequences -> sequences.stream().map(change).toList();
    }

    private static TrainingSequence shifted(TrainingSequence sequence) {
        int[] labels = sequence.labels().clone();
        System.arraycopy(sequence.labels(), 1, labels, 0, labels.length - 1);
        return with(sequence, labels, sequence.labelWeight());
    }

    private static TrainingSequence allLearned(TrainingSequence sequence) {
        return with(sequence, sequence.ids(), sequence.labelWeight());
    }

    private static TrainingSequence with(TrainingSequence sequence, int[] labels, double weight) {
        return new TrainingSequence(sequence.ids(), labels, weight, sequence.dropoutKey());
    }

    /** Each half of the step has the mean over its tokens, and the step the mean of its halves. */
    private static List<TrainingSequence> microBatchMeans(List<TrainingSequence> sequences) {
        int half = sequences.size() / 2;
        List<TrainingSequence> weighted = new ArrayList<>();
        for (List<TrainingSequence> part :
                List.of(sequences.subList(0, half), sequences.subList(half, sequences.size()))) {
            long labels = part.stream().mapToLong(GoldenRun::labels).sum();
            part.forEach(each -> weighted.add(with(each, each.labels(), 1.0 / (2 * labels))));
        }
        return weighted;
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

    private static AdamWStep rated(AdamWStep step, double rate, double gradientScale) {
        return new AdamWStep(
                step.count(),
                rate,
                rate,
                gradientScale,
                step.beta1(),
                step.beta2(),
                step.epsilon(),
                step.weightDecay());
    }

    private static HostTensor like(Object tensor) {
        HostTensor shape = (HostTensor) tensor;
        return HostTensor.allocate(Arena.ofAuto(), shape.dtype(), shape.shape());
    }

    private static HostTensor zeros(Object tensor) {
        HostTensor zeros = like(tensor);
        zeros.data().fill((byte) 0);
        return zeros;
    }

    private static HostTensor copy(Object tensor) {
        HostTensor copy = like(tensor);
        copy.data().copyFrom(((HostTensor) tensor).data());
        return copy;
    }

    private static void round(TrainingBackend backend, Object tensor) {
        HostTensor values = (HostTensor) tensor;
        HostTensor rounded = HostTensor.allocate(Arena.ofAuto(), DType.BF16, values.shape());
        backend.round(values, rounded);
        values.data().copyFrom(rounded.toF32(Arena.ofAuto()).data());
    }

    /** Keys and values receive the gradient of the first query head of their group alone. */
    private static TrainingBackend oneHeadOfAGroup(TrainingBackend backend) {
        return after(
                backend,
                "attentionBackward",
                args -> {
                    CausalAttention shape = (CausalAttention) args[0];
                    HostTensor dout = copy(args[6]);
                    int group = shape.heads() / shape.kvHeads();
                    for (long i = 0; i < dout.shape().elements(); i++) {
                        if (i / shape.headDim() % shape.heads() % group > 0) {
                            dout.set(i, 0);
                        }
                    }
                    backend.attentionBackward(
                            shape,
                            (HostTensor) args[1],
                            (HostTensor) args[2],
                            (HostTensor) args[3],
                            (HostTensor) args[4],
                            (HostTensor) args[5],
                            dout,
                            like(args[7]),
                            (HostTensor) args[8],
                            (HostTensor) args[9]);
                });
    }

    private static TrainingBackend sigmoidAsDerivative(TrainingBackend backend) {
        return proxy(
                backend,
                (method, args) -> {
                    if (!method.getName().equals("swiGluBackward")) {
                        return call(backend, method, args);
                    }
                    HostTensor gate = copy(args[0]);
                    HostTensor up = copy(args[1]);
                    HostTensor dout = copy(args[3]);
                    call(backend, method, args);
                    for (long i = 0; i < gate.shape().elements(); i++) {
                        double sigmoid = 1 / (1 + Math.exp(-gate.get(i)));
                        ((HostTensor) args[0]).set(i, (float) (dout.get(i) * up.get(i) * sigmoid));
                    }
                    return null;
                });
    }

    private static TrainingBackend unscaledB(TrainingBackend backend, LoraSettings lora) {
        return changed(
                backend,
                "linearBackwardWeight",
                args -> {
                    if (((HostTensor) args[2]).shape().width() == lora.rank()) {
                        HostTensor shrunk = copy(args[1]);
                        for (long i = 0; i < shrunk.shape().elements(); i++) {
                            shrunk.set(i, (float) (shrunk.get(i) / lora.scale()));
                        }
                        args[1] = shrunk;
                    }
                });
    }

    private static TrainingBackend withoutAdapter(TrainingBackend backend, LoraSettings lora) {
        return proxy(
                backend,
                (method, args) ->
                        method.getName().equals("linearBackwardInput")
                                        && ((HostTensor) args[0]).shape().width() == lora.rank()
                                ? null
                                : call(backend, method, args));
    }

    private static TrainingBackend without(TrainingBackend backend, String op) {
        return proxy(
                backend,
                (method, args) -> method.getName().equals(op) ? null : call(backend, method, args));
    }

    static TrainingBackend changed(TrainingBackend backend, String op, Consumer<Object[]> change) {
        return proxy(
                backend,
                (method, args) -> {
                    if (method.getName().equals(op)) {
                        change.accept(args);
                    }
                    return call(backend, method, args);
                });
    }

    private static TrainingBackend after(
            TrainingBackend backend, String op, Consumer<Object[]> change) {
        return proxy(
                backend,
                (method, args) -> {
                    Object result = call(backend, method, args);
                    if (method.getName().equals(op)) {
                        change.accept(args);
                    }
                    return result;
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
