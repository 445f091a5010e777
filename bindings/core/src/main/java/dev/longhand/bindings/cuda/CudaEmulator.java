package dev.longhand.bindings.cuda;

/**
 * A CUDA driver library that runs kernels without a GPU. Implementations are found by {@link
 * java.util.ServiceLoader}, so a product that does not carry one offers none.
 */
public interface CudaEmulator {
    /** The name of its device, in lower case, for example {@code ptx}. */
    String deviceName();

    /**
     * The library to open a device with, loaded into this process.
     *
     * @throws CudaUnavailableException if it cannot be loaded
     */
    CudaLibrary library();

    /** The number of the library's device to open. */
    int ordinal();
}
