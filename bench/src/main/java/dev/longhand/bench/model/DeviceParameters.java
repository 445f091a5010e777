package dev.longhand.bench.model;

import dev.longhand.bench.jmh.CheckedParameters;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;

import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The device parameters of every JMH benchmark. */
@State(Scope.Benchmark)
@NullUnmarked // JMH fills the fields
public abstract class DeviceParameters implements CheckedParameters {
    private static final String DEVICES =
            "device '%s' is unknown; there are auto, cpu, cuda and reference";

    /** Name of a {@link Device}, in any case. */
    @Param("AUTO")
    public String device;

    /** CPU threads; 0 is one per processor. */
    @Param("0")
    public int threads;

    /** Opens the backend; the caller closes it. */
    protected ComputeBackend openBackend() {
        return BackendChoice.open(device(), threads).backend();
    }

    /**
     * Returns the device.
     *
     * @throws InputException if there is none of that name
     */
    protected Device device() {
        try {
            Device named = Device.of(device);
            if (named.offered()) {
                return named;
            }
        } catch (IllegalArgumentException e) {
            throw new InputException(DEVICES.formatted(device), e);
        }
        throw new InputException(DEVICES.formatted(device));
    }

    @Override
    public void check() {
        device();
        requireAtLeast("threads", 0, threads);
    }

    /**
     * Checks a parameter.
     *
     * @throws InputException if it is smaller
     */
    protected static void requireAtLeast(String name, int min, int value) {
        if (value < min) {
            throw new InputException("%s must be at least %d, not %d".formatted(name, min, value));
        }
    }
}
