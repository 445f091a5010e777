/* Driver API: modules, functions and launches. */
#include <algorithm>
#include <cstring>

#include "api.h"

using namespace ptx;

namespace {

/* The supported options of cuModuleLoadDataEx: the buffer for errors. */
struct ErrorLog {
    char *text = nullptr;
    size_t capacity = 0;

    void tell(const char *error) const {
        if (text != nullptr && capacity > 0) {
            size_t length = std::min(strlen(error), capacity - 1);
            memcpy(text, error, length);
            text[length] = '\0';
        }
    }
};

int load(void **module, const char *image, const ErrorLog &log) {
    DRIVER_CALL
    if (driver.fails(FAIL_MODULE)) {
        log.tell("injected failure");
        return 218;
    }
    try {
        auto loaded = load_module(image);
        if (loaded->target > COMPUTE_MAJOR[driver.device] * 10) {
            throw LoadError("the module is for sm_" + std::to_string(loaded->target)
                            + ", newer than the device");
        }
        for (auto &kernel : loaded->kernels) {
            driver.kernels.insert(kernel.second.get());
        }
        driver.modules.insert(loaded.get());
        *module = loaded.release();
        return SUCCESS;
    } catch (const LoadError &error) {
        driver.report.find(error.what(), std::string("cannot load: ") + error.what());
        log.tell(error.what());
        return error.status;
    } catch (const std::exception &error) { /* a hostile or broken text */
        driver.report.find(error.what(), std::string("cannot load: ") + error.what());
        log.tell(error.what());
        return 218;
    }
}

int launch(void *function, Extent grid, Extent block, unsigned shared, void *handle, void **parameters,
           bool cooperative, bool dependent) {
    DRIVER_CALL
    auto *kernel = static_cast<Kernel *>(function);
    Stream *stream = driver.stream_of(handle);
    if (driver.kernels.count(kernel) == 0 || stream == nullptr) {
        return INVALID_HANDLE;
    }
    return driver.enqueue_kernel({kernel, grid, block, shared, stream, parameters, cooperative, dependent});
}

/* CUlaunchConfig */
struct LaunchConfig {
    unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
    void *stream;
    const struct LaunchAttribute *attributes;
    unsigned attribute_count;
};

/* CUlaunchAttribute */
struct LaunchAttribute {
    int id;
    char pad[4];
    int value;
    char value_rest[60];
};

constexpr int COOPERATIVE = 2;
constexpr int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

} // namespace

EXPORT int cuModuleLoadData(void **module, const void *image) {
    return load(module, static_cast<const char *>(image), ErrorLog());
}

EXPORT int cuModuleLoadDataEx(void **module, const void *image, unsigned count, const int *options,
                              void **values) {
    constexpr int ERROR_LOG_BUFFER = 5;
    constexpr int ERROR_LOG_BUFFER_SIZE_BYTES = 6;
    ErrorLog log;
    for (unsigned i = 0; i < count; i++) {
        if (options[i] == ERROR_LOG_BUFFER) {
            log.text = static_cast<char *>(values[i]);
        } else if (options[i] == ERROR_LOG_BUFFER_SIZE_BYTES) { /* 32 bits in the place of a pointer */
            log.capacity = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(values[i]));
        }
    }
    return load(module, static_cast<const char *>(image), log);
}

EXPORT int cuModuleUnload(void *handle) {
    DRIVER_CALL
    auto *module = static_cast<Module *>(handle);
    driver.synchronize_all();
    if (driver.modules.count(module) == 0) {
        return INVALID_HANDLE;
    }
    for (auto &kernel : module->kernels) {
        driver.kernels.erase(kernel.second.get());
    }
    destroy(driver.modules, module);
    return SUCCESS;
}

EXPORT int cuModuleGetFunction(void **function, void *handle, const char *name) {
    DRIVER_CALL
    auto *module = static_cast<Module *>(handle);
    if (driver.modules.count(module) == 0) {
        return INVALID_HANDLE;
    }
    auto found = module->kernels.find(name);
    if (found == module->kernels.end()) {
        return NOT_FOUND;
    }
    *function = found->second.get();
    return SUCCESS;
}

EXPORT int cuFuncSetAttribute(void *function, int attribute, int value) {
    DRIVER_CALL
    auto *kernel = static_cast<Kernel *>(function);
    if (driver.kernels.count(kernel) == 0) {
        return INVALID_HANDLE;
    }
    constexpr int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
    constexpr int SHARED_OPT_IN = 163 * 1024;
    if (attribute == MAX_DYNAMIC_SHARED_SIZE_BYTES) {
        if (value < 0 || static_cast<uint32_t>(value) + kernel->shared_bytes > SHARED_OPT_IN) {
            return INVALID_VALUE;
        }
        kernel->dynamic_shared_max = static_cast<uint32_t>(value) + kernel->shared_bytes;
    }
    return SUCCESS;
}

EXPORT int cuFuncGetAttribute(int *value, int attribute, void *function) {
    DRIVER_CALL
    auto *kernel = static_cast<Kernel *>(function);
    if (driver.kernels.count(kernel) == 0) {
        return INVALID_HANDLE;
    }
    *value = attribute == 0   ? static_cast<int>(kernel->max_threads)
             : attribute == 1 ? static_cast<int>(kernel->shared_bytes)
             : attribute == 3 ? static_cast<int>(kernel->local_bytes)
                              : 0;
    return SUCCESS;
}

EXPORT int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                          unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                          void *stream, void **parameters, void **extra) {
    if (extra != nullptr) {
        return unsupported("cuLaunchKernel with extra");
    }
    return launch(function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared, stream,
                  parameters, false, false);
}

EXPORT int cuLaunchCooperativeKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                     unsigned block_x, unsigned block_y, unsigned block_z,
                                     unsigned shared, void *stream, void **parameters) {
    return launch(function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared, stream,
                  parameters, true, false);
}

EXPORT int cuLaunchKernelEx(const LaunchConfig *config, void *function, void **parameters, void **extra) {
    if (extra != nullptr) {
        return unsupported("cuLaunchKernelEx with extra");
    }
    bool cooperative = false, dependent = false;
    for (unsigned i = 0; i < config->attribute_count; i++) {
        const LaunchAttribute &attribute = config->attributes[i];
        if (attribute.id == COOPERATIVE) {
            cooperative = attribute.value != 0;
        } else if (attribute.id == PROGRAMMATIC_STREAM_SERIALIZATION) {
            dependent = attribute.value != 0;
        } else {
            return unsupported("cuLaunchKernelEx with another attribute");
        }
    }
    if (dependent && COMPUTE_MAJOR[Driver::instance().device] < 9) {
        return unsupported("a programmatic dependent launch below compute capability 9.0");
    }
    return launch(function, {config->grid_x, config->grid_y, config->grid_z},
                  {config->block_x, config->block_y, config->block_z}, config->shared_bytes,
                  config->stream, parameters, cooperative, dependent);
}

EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int threads,
                                                       size_t dynamic_shared) {
    DRIVER_CALL
    auto *kernel = static_cast<Kernel *>(function);
    if (driver.kernels.count(kernel) == 0) {
        return INVALID_HANDLE;
    }
    if (threads <= 0 || dynamic_shared > SHARED_RESIDENT) {
        return INVALID_VALUE;
    }
    *blocks = static_cast<int>(Driver::resident_blocks(*kernel, static_cast<uint64_t>(threads),
                                                       static_cast<uint32_t>(dynamic_shared)));
    return SUCCESS;
}
