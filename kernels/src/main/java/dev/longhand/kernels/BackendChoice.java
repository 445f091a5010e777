package dev.longhand.kernels;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaProbe;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.reference.ReferenceBackend;

/**
 * A backend and why it was chosen.
 *
 * @param backend open; the caller closes it
 * @param reason one line for the user
 */
public record BackendChoice(ComputeBackend backend, String reason) {
    /**
     * Opens the backend of a device. {@link Device#AUTO} takes the C kernels if this build has
     * them, else the reference; it never takes a GPU, as this version has no CUDA kernels.
     *
     * @param threads threads of a CPU backend; 0 is one per processor
     * @throws BackendUnavailableException if the device that was asked for cannot be had; there is
     *     no silent fallback
     */
    public static BackendChoice open(Device device, int threads) {
        return switch (device) {
            case AUTO -> auto(threads);
            case CPU ->
                    switch (CpuBackend.availability()) {
                        case CpuAvailability.Present present ->
                                of(new CpuBackend(present.library(), null, threads), "as asked");
                        case CpuAvailability.Absent absent ->
                                throw new BackendUnavailableException(
                                        device, absent.cause(), absent.remedy());
                    };
            case CUDA -> throw cudaUnavailable();
            case PTX ->
                    throw new BackendUnavailableException(
                            device, "this version has no CUDA kernels yet", "use --device cpu");
            case REFERENCE -> of(new ReferenceBackend(), "as asked");
        };
    }

    private static BackendChoice auto(int threads) {
        return switch (CpuBackend.availability()) {
            case CpuAvailability.Present present ->
                    of(
                            new CpuBackend(present.library(), null, threads),
                            "chosen by auto: this version computes on the CPU only");
            case CpuAvailability.Absent absent ->
                    of(
                            new ReferenceBackend(),
                            "chosen by auto: %s; to be fast, %s"
                                    .formatted(absent.cause(), absent.remedy()));
        };
    }

    private static BackendUnavailableException cudaUnavailable() {
        return switch (CudaProbe.probe()) {
            case CudaAvailability.Present present ->
                    new BackendUnavailableException(
                            Device.CUDA,
                            "%s is there, but this version has no CUDA kernels yet"
                                    .formatted(present.devices().getFirst().name()),
                            "use --device cpu");
            case CudaAvailability.Absent absent ->
                    new BackendUnavailableException(Device.CUDA, absent.cause(), absent.remedy());
        };
    }

    private static BackendChoice of(ComputeBackend backend, String why) {
        return new BackendChoice(backend, "device: " + backend.description() + ", " + why);
    }
}
