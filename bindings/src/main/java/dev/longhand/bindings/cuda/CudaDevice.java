package dev.longhand.bindings.cuda;

/**
 * One device as the driver describes it.
 *
 * @param ordinal its number
 * @param name product name
 * @param computeMajor compute capability, major
 * @param computeMinor compute capability, minor
 * @param memoryBytes all of its memory
 */
public record CudaDevice(
        int ordinal, String name, int computeMajor, int computeMinor, long memoryBytes) {}
