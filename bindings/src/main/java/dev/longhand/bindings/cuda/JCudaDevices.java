package dev.longhand.bindings.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What the driver tells of its devices, read through JCuda. Touched only after {@code libcuda.so.1}
 * was found: without it JCuda's classes fail to initialise for good.
 */
final class JCudaDevices {
    private static final int NAME_BYTES_MAX = 256;

    private JCudaDevices() {}

    /**
     * Describes the first {@code count} devices; the driver must be initialised.
     *
     * @throws jcuda.CudaException if a call fails
     */
    static List<CudaDevice> list(int count) {
        JCudaDriver.setExceptionsEnabled(true); // off by default: statuses would go unnoticed
        List<CudaDevice> devices = new ArrayList<>();
        for (int ordinal = 0; ordinal < count; ordinal++) {
            CUdevice device = new CUdevice();
            JCudaDriver.cuDeviceGet(device, ordinal);
            devices.add(describe(device, ordinal));
        }
        return devices;
    }

    private static CudaDevice describe(CUdevice device, int ordinal) {
        byte[] name = new byte[NAME_BYTES_MAX];
        JCudaDriver.cuDeviceGetName(name, name.length, device);
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        long[] bytes = new long[1];
        JCudaDriver.cuDeviceTotalMem(bytes, device);
        return new CudaDevice(
                ordinal,
                new String(name, 0, length, StandardCharsets.UTF_8),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                bytes[0]);
    }

    private static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device);
        return value[0];
    }
}
