/* Driver API: initialisation, the device, contexts, memory and errors. */
#include <cstdlib>
#include <cstring>

#include "api.h"

using namespace ptx;

namespace {
constexpr int DRIVER_VERSION = 13000;
constexpr const char *NAME = "Longhand PTX device";
int a_context; /* the only one; its address is its handle */

/* Attributes by number, those of an sm_80 device with four multiprocessors; device 1 differs only in its
 * compute capability. */
int attribute(int number, int device) {
    switch (number) {
        case 1: return 1024;             /* threads per block */
        case 2: case 3: return 1024;     /* block x, y */
        case 4: return 64;               /* block z */
        case 5: return 2147483647;       /* grid x */
        case 6: case 7: return 65535;    /* grid y, z */
        case 8: return 48 * 1024;        /* shared memory per block */
        case 9: return 65536;            /* constant memory */
        case 10: return LANES;
        case 12: case 82: return 65536;  /* registers per block, per multiprocessor */
        case 13: return 1410000;         /* clock, kHz */
        case 16: return MULTIPROCESSORS;
        case 36: return 1593000;         /* memory clock, kHz */
        case 37: return 5120;            /* memory bus, bits */
        case 38: return 40 << 20;        /* L2 */
        case 39: return THREADS_RESIDENT; /* per multiprocessor */
        case 41: return 1;               /* unified addressing */
        case 75: return COMPUTE_MAJOR[device];
        case 76: return 0;
        case 81: return SHARED_RESIDENT; /* per multiprocessor */
        case 95: return 1;               /* cooperative launch */
        case 97: return 163 * 1024;      /* shared memory per block, opted in */
        case 106: return BLOCKS_RESIDENT; /* per multiprocessor */
        case 111: return SHARED_RESERVED;
        default: return 0;
    }
}

const char *error_name(int status) {
    switch (status) {
        case SUCCESS: return "CUDA_SUCCESS";
        case INVALID_VALUE: return "CUDA_ERROR_INVALID_VALUE";
        case OUT_OF_MEMORY: return "CUDA_ERROR_OUT_OF_MEMORY";
        case NOT_INITIALIZED: return "CUDA_ERROR_NOT_INITIALIZED";
        case DEVICE_UNAVAILABLE: return "CUDA_ERROR_DEVICE_UNAVAILABLE";
        case INVALID_DEVICE: return "CUDA_ERROR_INVALID_DEVICE";
        case NO_DEVICE: return "CUDA_ERROR_NO_DEVICE";
        case 218: return "CUDA_ERROR_INVALID_PTX";
        case 222: return "CUDA_ERROR_UNSUPPORTED_PTX_VERSION";
        case INVALID_HANDLE: return "CUDA_ERROR_INVALID_HANDLE";
        case NOT_FOUND: return "CUDA_ERROR_NOT_FOUND";
        case NOT_READY: return "CUDA_ERROR_NOT_READY";
        case ILLEGAL_ADDRESS: return "CUDA_ERROR_ILLEGAL_ADDRESS";
        case LAUNCH_TIMEOUT: return "CUDA_ERROR_LAUNCH_TIMEOUT";
        case ILLEGAL_INSTRUCTION: return "CUDA_ERROR_ILLEGAL_INSTRUCTION";
        case MISALIGNED_ADDRESS: return "CUDA_ERROR_MISALIGNED_ADDRESS";
        case LAUNCH_FAILED: return "CUDA_ERROR_LAUNCH_FAILED";
        case COOPERATIVE_LAUNCH_TOO_LARGE: return "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE";
        case NOT_SUPPORTED: return "CUDA_ERROR_NOT_SUPPORTED";
        default: return "CUDA_ERROR_UNKNOWN";
    }
}

} // namespace

int ptx::unsupported(const char *name) {
    Driver::instance().report.find(name, std::string("unsupported driver call: ") + name);
    return NOT_SUPPORTED;
}

/* The library is compiled for these extensions; a processor without them has no PTX device. */
static bool runs_here() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

EXPORT int cuInit(unsigned) {
    if (!runs_here()) {
        return NO_DEVICE;
    }
    Call call;
    call.driver.initialised = true;
    return SUCCESS;
}

EXPORT int cuDriverGetVersion(int *version) {
    *version = DRIVER_VERSION;
    return SUCCESS;
}

EXPORT int cuDeviceGetCount(int *count) {
    *count = DEVICES;
    return SUCCESS;
}

EXPORT int cuDeviceGet(int *device, int ordinal) {
    *device = ordinal;
    return ordinal >= 0 && ordinal < DEVICES ? SUCCESS : INVALID_DEVICE;
}

EXPORT int cuDeviceGetName(char *name, int length, int) {
    if (length > 0) {
        strncpy(name, NAME, static_cast<size_t>(length));
        name[length - 1] = '\0';
    }
    return SUCCESS;
}

EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int) {
    *bytes = DeviceMemory::CAPACITY;
    return SUCCESS;
}

EXPORT int cuDeviceGetAttribute(int *value, int number, int device) {
    if (device < 0 || device >= DEVICES) {
        return INVALID_DEVICE;
    }
    *value = attribute(number, device);
    return SUCCESS;
}

EXPORT int cuCtxCreate_v2(void **context, unsigned, int device) {
    Call call;
    if (device < 0 || device >= DEVICES) {
        return INVALID_DEVICE;
    }
    if (!call.driver.initialised) {
        return NOT_INITIALIZED;
    }
    if (call.status() == DEVICE_UNAVAILABLE) { /* a new context does not bring it back */
        return DEVICE_UNAVAILABLE;
    }
    call.driver.device = device;
    *context = &a_context;
    return SUCCESS;
}

EXPORT int cuCtxDestroy_v2(void *) {
    Call call;
    call.driver.destroy_context();
    return SUCCESS;
}

EXPORT int cuCtxGetCurrent(void **context) {
    *context = &a_context;
    return SUCCESS;
}

EXPORT int cuCtxSetCurrent(void *) { return SUCCESS; }
EXPORT int cuCtxPushCurrent_v2(void *) { return SUCCESS; }

EXPORT int cuCtxPopCurrent_v2(void **context) {
    *context = &a_context;
    return SUCCESS;
}

EXPORT int cuCtxGetDevice(int *device) {
    Call call;
    *device = call.driver.device;
    return SUCCESS;
}

EXPORT int cuCtxSynchronize() {
    DRIVER_CALL
    return driver.synchronize_all();
}

EXPORT int cuGetErrorName(int status, const char **name) {
    *name = error_name(status);
    return SUCCESS;
}

EXPORT int cuGetErrorString(int status, const char **text) { return cuGetErrorName(status, text); }

/* ---- memory ---- */

EXPORT int cuMemGetInfo_v2(size_t *available, size_t *total) {
    DRIVER_CALL
    *total = DeviceMemory::CAPACITY;
    *available = DeviceMemory::CAPACITY - driver.memory.used();
    return SUCCESS;
}

EXPORT int cuMemAlloc_v2(Address *address, size_t bytes) {
    DRIVER_CALL
    if (bytes == 0) {
        return INVALID_VALUE;
    }
    Allocation *allocation = driver.fails(FAIL_ALLOCATION) ? nullptr : driver.memory.allocate(bytes);
    if (allocation == nullptr) {
        return OUT_OF_MEMORY;
    }
    *address = allocation->base;
    return SUCCESS;
}

EXPORT int cuMemFree_v2(Address address) {
    DRIVER_CALL
    driver.synchronize_all(); /* as the real one does */
    return driver.memory.release(address) ? SUCCESS : INVALID_VALUE;
}

EXPORT int cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
    DRIVER_CALL
    void *host = driver.fails(FAIL_ALLOCATION) ? nullptr : aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (host == nullptr) {
        return OUT_OF_MEMORY;
    }
    driver.pinned.insert(host);
    *memory = host;
    return SUCCESS;
}

EXPORT int cuMemAllocHost_v2(void **memory, size_t bytes) { return cuMemHostAlloc(memory, bytes, 0); }

EXPORT int cuMemFreeHost(void *memory) {
    DRIVER_CALL
    if (driver.pinned.erase(memory) == 0) {
        return INVALID_VALUE;
    }
    free(memory);
    return SUCCESS;
}

/* Queues `work`, a member call on the driver. */
template <class Work> static int queue(void *handle, Work work) {
    DRIVER_CALL
    Stream *stream = driver.stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    Driver *self = &driver;
    return driver.enqueue(stream, {nullptr, 0, [=] { return work(*self); }});
}

EXPORT int cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes, void *stream) {
    return queue(stream, [=](Driver &driver) { return driver.copy_to_device(to, from, bytes); });
}

EXPORT int cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, void *stream) {
    return queue(stream, [=](Driver &driver) { return driver.copy_to_host(to, from, bytes); });
}

EXPORT int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, void *stream) {
    return queue(stream, [=](Driver &driver) { return driver.copy_on_device(to, from, bytes); });
}

EXPORT int cuMemcpyHtoD_v2(Address to, const void *from, size_t bytes) {
    DRIVER_CALL
    driver.synchronize_all();
    return driver.copy_to_device(to, from, bytes);
}

EXPORT int cuMemcpyDtoH_v2(void *to, Address from, size_t bytes) {
    DRIVER_CALL
    int status = driver.synchronize_all();
    return status != SUCCESS ? status : driver.copy_to_host(to, from, bytes);
}

static int fill(Address to, uint32_t value, int width, size_t count, void *stream) {
    return queue(stream, [=](Driver &driver) { return driver.fill(to, value, width, count); });
}

EXPORT int cuMemsetD8Async(Address to, unsigned char value, size_t count, void *stream) {
    return fill(to, value, 1, count, stream);
}

EXPORT int cuMemsetD32Async(Address to, unsigned value, size_t count, void *stream) {
    return fill(to, value, 4, count, stream);
}

EXPORT int cuMemsetD8_v2(Address to, unsigned char value, size_t count) {
    return fill(to, value, 1, count, nullptr);
}
