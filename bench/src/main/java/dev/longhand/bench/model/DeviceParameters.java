package dev.longhand.bench.model;

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
public abstract class DeviceParameters {
    /** Name of a {@link Device}, in any case. */
    @Param("AUTO")
    public String device;

    /** CPU threads; 0 is one per processor. */
    @Param("0")
    public int threads;

    /** Opens the backend; the caller closes it. */
    protected ComputeBackend openBackend() {
        return BackendChoice.open(Device.of(device), threads).backend();
    }
}
