package dev.longhand.bench;

import dev.longhand.engine.model.ModelConfig;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A door to a backend that takes the time of every op behind it. Only for backends whose ops are
 * done when they return.
 */
final class OpTimer {
    private final ComputeBackend timed;
    private final ModelConfig config;
    private final ComputeBackend door;
    private final Map<String, Long> nanos = new LinkedHashMap<>();

    /** A door that names the ops of one model. */
    OpTimer(ComputeBackend timed, ModelConfig config) {
        this.timed = timed;
        this.config = config;
        door =
                (ComputeBackend)
                        Proxy.newProxyInstance(
                                ComputeBackend.class.getClassLoader(),
                                new Class<?>[] {ComputeBackend.class},
                                (proxy, method, arguments) -> call(method, arguments));
    }

    /** The backend that takes times; closing it closes the timed one. */
    ComputeBackend door() {
        return door;
    }

    /** Nanoseconds by op since the last clear, in the order of first use. */
    Map<String, Long> nanos() {
        return Map.copyOf(nanos);
    }

    /** Forgets all times. */
    void clear() {
        nanos.clear();
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        long start = System.nanoTime();
        try {
            return method.invoke(timed, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        } finally {
            nanos.merge(op(method.getName(), arguments), System.nanoTime() - start, Long::sum);
        }
    }

    private String op(String method, Object[] arguments) {
        return switch (method) {
            case "applyNormed" ->
                    width(arguments[4]) == config.vocabSize() ? StepSplit.HEAD : StepSplit.QKV;
            case "applyLinear" ->
                    width(arguments[1]) == config.intermediateSize()
                            ? StepSplit.DOWN
                            : StepSplit.OUTPUT;
            case "applyGated" -> StepSplit.GATE_UP;
            case "attention" -> StepSplit.ATTENTION;
            case "sample" -> StepSplit.SAMPLING;
            default -> StepSplit.OTHER;
        };
    }

    private static long width(Object tensor) {
        return ((Tensor) tensor).shape().width();
    }
}
