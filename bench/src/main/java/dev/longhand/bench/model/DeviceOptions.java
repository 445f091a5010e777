package dev.longhand.bench.model;

import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;

import picocli.CommandLine.Option;

/** The device options of every command that computes. */
public final class DeviceOptions {
    @Option(
            names = "--device",
            defaultValue = "auto",
            description = "auto, cpu, cuda or reference. Default: ${DEFAULT-VALUE}.")
    private Device device = Device.AUTO;

    @Option(
            names = "--threads",
            defaultValue = "0",
            description = "Threads of a CPU backend; 0 is one per processor.")
    private int threads;

    /** The device. */
    public Device device() {
        return device;
    }

    /** Threads of a CPU backend; 0 is one per processor. */
    public int threads() {
        return threads;
    }

    /** Opens the backend; the caller closes it. */
    public ComputeBackend openBackend() {
        return BackendChoice.open(device, threads).backend();
    }
}
