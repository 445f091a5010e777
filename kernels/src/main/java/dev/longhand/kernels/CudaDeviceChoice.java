package dev.longhand.kernels;

import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaDevice;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** The GPU to use among those of the driver, or the reason for using none. */
sealed interface CudaDeviceChoice {
    /** Compute capability 8.0 (Ampere): the oldest with the kernels' instructions. */
    int COMPUTE_MAJOR_MIN = 8;

    /**
     * A GPU.
     *
     * @param device its description by the driver
     */
    record Chosen(CudaDevice device) implements CudaDeviceChoice {}

    /**
     * No GPU.
     *
     * @param cause the reason
     * @param remedy what the user can do
     */
    record None(String cause, String remedy) implements CudaDeviceChoice {}

    /**
     * Chooses the GPU of a number; without one, the GPU with the most memory among those that the
     * kernels run on.
     */
    static CudaDeviceChoice of(CudaAvailability found, OptionalInt ordinal) {
        return switch (found) {
            case CudaAvailability.Absent absent -> new None(absent.cause(), absent.remedy());
            case CudaAvailability.Present present ->
                    ordinal.isPresent()
                            ? numbered(present.devices(), ordinal.getAsInt())
                            : largest(present.devices());
        };
    }

    private static CudaDeviceChoice numbered(List<CudaDevice> devices, int ordinal) {
        return devices.stream()
                .filter(device -> device.ordinal() == ordinal)
                .findFirst()
                .map(device -> usable(device) ? new Chosen(device) : tooOld(device))
                .orElseGet(
                        () ->
                                new None(
                                        "the driver has no device %d".formatted(ordinal),
                                        "its devices are " + names(devices)));
    }

    private static CudaDeviceChoice largest(List<CudaDevice> devices) {
        return devices.stream()
                .filter(CudaDeviceChoice::usable)
                .max(
                        Comparator.comparingLong(CudaDevice::memoryBytes)
                                .thenComparing(CudaDevice::ordinal, Comparator.reverseOrder()))
                .<CudaDeviceChoice>map(Chosen::new)
                .orElseGet(() -> tooOld(devices.getFirst()));
    }

    private static boolean usable(CudaDevice device) {
        return device.computeMajor() >= COMPUTE_MAJOR_MIN;
    }

    private static CudaDeviceChoice tooOld(CudaDevice device) {
        return new None(
                "%s is older than compute capability 8.0".formatted(device.name()),
                "use Device.CPU");
    }

    private static String names(List<CudaDevice> devices) {
        return devices.stream()
                .map(device -> "cuda:%d (%s)".formatted(device.ordinal(), device.name()))
                .collect(Collectors.joining(", "));
    }
}
