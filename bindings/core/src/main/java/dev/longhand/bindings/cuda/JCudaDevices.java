package dev.longhand.bindings.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The driver's devices, read through JCuda. Used only once {@code libcuda.so.1} is found: without
 * it JCuda's classes fail to initialise permanently.
 */
final class JCudaDevices {
    private static final int NAME_BYTES_MAX = 256;

    private JCudaDevices() {}

    /**
     * Binds JCuda to the library and describes its first {@code count} devices; the driver must be
     * initialised.
     *
     * @throws CudaDriverException if a call fails
     * @throws CudaUnavailableException if JCuda cannot be bound to this library
     */
    static List<CudaDevice> list(CudaLibrary library, int driverVersion, int count) {
        JCudaLibrary.load(library);
        List<CudaDevice> devices = new ArrayList<>();
        for (int ordinal = 0; ordinal < count; ordinal++) {
            devices.add(describe(get(ordinal), ordinal, driverVersion));
        }
        return devices;
    }

    static CUdevice get(int ordinal) {
        CUdevice device = new CUdevice();
        CudaDriverException.check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet");
        return device;
    }

    private static CudaDevice describe(CUdevice device, int ordinal, int driverVersion) {
        byte[] name = new byte[NAME_BYTES_MAX];
        CudaDriverException.check(
                JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        long[] bytes = new long[1];
        CudaDriverException.check(JCudaDriver.cuDeviceTotalMem(bytes, device), "cuDeviceTotalMem");
        return new CudaDevice(
                ordinal,
                new String(name, 0, length, StandardCharsets.UTF_8),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                driverVersion,
                bytes[0]);
    }

    private static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        CudaDriverException.check(
                JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }
}
