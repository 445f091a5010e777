package dev.longhand.bindings.cuda;

import java.util.List;

/** Opens devices. */
public final class CudaDrivers {
    private CudaDrivers() {}

    /**
     * Opens a device with a context of its own.
     *
     * @param ordinal the number of the device, from 0
     * @throws CudaUnavailableException if the library or a device is missing, or this process uses
     *     another library
     * @throws IllegalArgumentException if there are devices, but none with that number
     * @throws CudaDriverException if a driver call fails
     */
    public static CudaDriver open(CudaLibrary library, int ordinal) {
        return switch (CudaProbe.probe(library)) {
            case CudaAvailability.Absent(String cause, String remedy) ->
                    throw new CudaUnavailableException(cause, remedy);
            case CudaAvailability.Present(int _, List<CudaDevice> devices) -> {
                if (ordinal < 0 || ordinal >= devices.size()) {
                    throw new IllegalArgumentException(
                            "no CUDA device %d; there are %d, counted from 0"
                                    .formatted(ordinal, devices.size()));
                }
                yield new LoadedCudaDriver(devices.get(ordinal));
            }
        };
    }
}
