package dev.longhand.bindings.cuda;

import java.util.List;

/** Whether a CUDA device can be used, as a value. */
public sealed interface CudaAvailability {
    /**
     * There is at least one.
     *
     * @param driverVersion as the driver counts: 1000 major + 10 minor
     * @param devices by ordinal
     */
    record Present(int driverVersion, List<CudaDevice> devices) implements CudaAvailability {
        public Present {
            devices = List.copyOf(devices);
        }
    }

    /**
     * There is none.
     *
     * @param cause what was found instead
     * @param remedy what the user can do
     */
    record Absent(String cause, String remedy) implements CudaAvailability {}
}
