package dev.longhand.kernels.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Runs ops of training on the PTX device over tensors of the host: they are copied to the device
 * before an op and back after it. Every result is the same in three orders of blocks and warps, and
 * the device finds nothing.
 */
final class DeviceOps implements AutoCloseable {
    private static final long[] ORDERS = {0, 1, 42};

    private final PtxDevice device = TestBackends.ptxDevice();
    private final TrainingBackend backend;
    private final TrainingBackend overHost;

    DeviceOps() {
        device.clear();
        backend = BackendChoice.training(Device.of("ptx"), 1, DType.BF16, false);
        overHost =
                (TrainingBackend)
                        Proxy.newProxyInstance(
                                TrainingBackend.class.getClassLoader(),
                                new Class<?>[] {TrainingBackend.class},
                                (_, method, arguments) -> call(method, arguments));
    }

    /** Rounds every element to BF16, in place. */
    static HostTensor rounded(HostTensor tensor) {
        for (long i = 0; i < tensor.shape().elements(); i++) {
            tensor.set(i, BFloat16.round(tensor.get(i)));
        }
        return tensor;
    }

    /** Returns the error allowed where the terms of sums are rounded to BF16: 1 in 256 of them. */
    static double bound(double[] expected) {
        return Math.max(1, TrainingOpChecks.largest(expected)) / 256;
    }

    /** Returns the result of an op, in every order. */
    double[] run(Function<TrainingBackend, HostTensor> op) {
        List<double[]> results = new ArrayList<>();
        for (long order : ORDERS) {
            device.seed(order);
            results.add(TrainingOpChecks.doubles(op.apply(overHost)));
        }
        assertArrayEquals(results.get(0), results.get(1), "two orders");
        assertArrayEquals(results.get(0), results.get(2), "two orders");
        assertEquals(List.of(), device.findings());
        return results.getFirst();
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        Object[] changed = arguments == null ? new Object[0] : arguments.clone();
        Map<HostTensor, Tensor> copies = new LinkedHashMap<>();
        try (TensorArena arena = backend.arena()) {
            for (int i = 0; i < changed.length; i++) {
                boolean frozen = i == 1 && method.getName().startsWith("linear");
                if (changed[i] instanceof HostTensor host
                        && !(frozen && host.dtype() != DType.F32)) {
                    Tensor copy = arena.allocate(host.dtype(), host.shape());
                    backend.write(host, copy);
                    copies.put(host, copy);
                    changed[i] = copy;
                }
            }
            Object result = method.invoke(backend, changed);
            copies.forEach((host, copy) -> backend.read(copy, host));
            return result;
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Override
    public void close() {
        device.seed(0);
        backend.close();
        assertEquals(0, device.live());
    }
}
