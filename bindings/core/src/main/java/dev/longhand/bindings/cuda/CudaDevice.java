package dev.longhand.bindings.cuda;

/**
 * One device as the driver describes it.
 *
 * @param ordinal the device's number, from 0
 * @param name product name
 * @param computeMajor compute capability, major
 * @param computeMinor compute capability, minor
 * @param driverVersion the CUDA version that the driver supports; 12030 is 12.3
 * @param memoryBytes total memory
 */
public record CudaDevice(
        int ordinal,
        String name,
        int computeMajor,
        int computeMinor,
        int driverVersion,
        long memoryBytes) {
    private static final int OVERLAP_COMPUTE_MAJOR_MIN = 9;
    private static final int OVERLAP_DRIVER_VERSION_MIN = 12_030; // overlaps in recordings too

    /** Whether {@link CudaDriver#launchOverlapped} overlaps launches on this device. */
    public boolean overlapsLaunches() {
        return computeMajor >= OVERLAP_COMPUTE_MAJOR_MIN
                && driverVersion >= OVERLAP_DRIVER_VERSION_MIN;
    }
}
