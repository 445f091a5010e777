package dev.longhand.bindings.cuda;

import java.util.List;

/** The outcome of probing for a CUDA device. */
public sealed interface CudaAvailability {
    /**
     * At least one device is present.
     *
     * @param driverVersion 1000 major + 10 minor, as the driver reports it
     * @param devices by ordinal
     */
    record Present(int driverVersion, List<CudaDevice> devices) implements CudaAvailability {
        public Present {
            devices = List.copyOf(devices);
        }
    }

    /**
     * No device is present.
     *
     * @param cause the reason
     * @param remedy what the user can do
     */
    record Absent(String cause, String remedy) implements CudaAvailability {}
}
