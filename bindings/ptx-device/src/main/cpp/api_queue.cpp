/* Driver API: modules, launches, streams, events and graphs. */
#include <algorithm>
#include <chrono>
#include <cstring>

#include "api.h"

using namespace ptx;

namespace {

double now_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/* The options of cuModuleLoadDataEx that are known here: where errors are told. */
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
            throw LoadError("the module is for sm_" + std::to_string(loaded->target) + ", newer than the device");
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

template <class Set, class T> bool destroy(Set &set, T *object) {
    if (set.erase(object) == 0) {
        return false;
    }
    delete object;
    return true;
}

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

/* ---- streams and events ---- */

EXPORT int cuStreamCreate(void **stream, unsigned) {
    DRIVER_CALL
    auto *created = new Stream();
    driver.streams.insert(created);
    *stream = created;
    return SUCCESS;
}

EXPORT int cuStreamCreateWithPriority(void **stream, unsigned flags, int) {
    return cuStreamCreate(stream, flags);
}

EXPORT int cuStreamDestroy_v2(void *handle) {
    DRIVER_CALL
    auto *stream = static_cast<Stream *>(handle);
    if (driver.streams.count(stream) == 0) {
        return INVALID_HANDLE;
    }
    driver.synchronize(stream);
    destroy(driver.streams, stream);
    return SUCCESS;
}

EXPORT int cuStreamSynchronize(void *handle) {
    DRIVER_CALL
    Stream *stream = driver.stream_of(handle);
    return stream == nullptr                ? static_cast<int>(INVALID_HANDLE)
           : stream->capture != nullptr ? static_cast<int>(CAPTURE_UNSUPPORTED)
                                        : driver.synchronize(stream);
}

EXPORT int cuStreamQuery(void *handle) {
    DRIVER_CALL
    Stream *stream = driver.stream_of(handle);
    return stream == nullptr ? INVALID_HANDLE : stream->queue.empty() ? SUCCESS : NOT_READY;
}

EXPORT int cuStreamWaitEvent(void *handle, void *event_handle, unsigned) {
    DRIVER_CALL
    Stream *stream = driver.stream_of(handle);
    auto *event = static_cast<Event *>(event_handle);
    if (stream == nullptr || driver.events.count(event) == 0) {
        return INVALID_HANDLE;
    }
    return driver.wait(stream, event);
}

EXPORT int cuEventCreate(void **event, unsigned) {
    DRIVER_CALL
    auto *created = new Event();
    driver.events.insert(created);
    *event = created;
    return SUCCESS;
}

EXPORT int cuEventDestroy_v2(void *handle) {
    DRIVER_CALL
    driver.synchronize_all(); /* queued waits may still look at it */
    return destroy(driver.events, static_cast<Event *>(handle)) ? SUCCESS : INVALID_HANDLE;
}

EXPORT int cuEventRecord(void *handle, void *stream_handle) {
    DRIVER_CALL
    auto *event = static_cast<Event *>(handle);
    Stream *stream = driver.stream_of(stream_handle);
    if (stream == nullptr || driver.events.count(event) == 0) {
        return INVALID_HANDLE;
    }
    event->captured = stream->capture;
    if (stream->capture != nullptr) {
        return SUCCESS;
    }
    uint64_t record = ++event->queued;
    return driver.enqueue(stream, {nullptr, 0, [=] {
                                       event->done = record;
                                       event->seconds = now_seconds();
                                       return static_cast<int>(SUCCESS);
                                   }});
}

EXPORT int cuEventSynchronize(void *handle) {
    DRIVER_CALL
    return driver.events.count(static_cast<Event *>(handle)) == 0 ? static_cast<int>(INVALID_HANDLE)
                                                                  : driver.synchronize_all();
}

EXPORT int cuEventQuery(void *handle) {
    DRIVER_CALL
    auto *event = static_cast<Event *>(handle);
    return driver.events.count(event) == 0       ? INVALID_HANDLE
           : event->done == event->queued ? SUCCESS
                                          : NOT_READY;
}

EXPORT int cuEventElapsedTime(float *millis, void *from, void *to) {
    DRIVER_CALL
    auto *first = static_cast<Event *>(from);
    auto *last = static_cast<Event *>(to);
    if (driver.events.count(first) == 0 || driver.events.count(last) == 0) {
        return INVALID_HANDLE;
    }
    *millis = static_cast<float>((last->seconds - first->seconds) * 1e3);
    return SUCCESS;
}

/* ---- graphs ---- */

EXPORT int cuStreamBeginCapture_v2(void *handle, int) {
    DRIVER_CALL
    Stream *stream = driver.stream_of(handle);
    if (stream == nullptr || stream->capture != nullptr) {
        return stream == nullptr ? INVALID_HANDLE : CAPTURE_INVALIDATED;
    }
    stream->capture = new Graph();
    driver.graphs.insert(stream->capture);
    return SUCCESS;
}

EXPORT int cuStreamIsCapturing(void *handle, int *status) {
    DRIVER_CALL
    Stream *stream = driver.stream_of(handle);
    *status = stream != nullptr && stream->capture != nullptr;
    return stream == nullptr ? INVALID_HANDLE : SUCCESS;
}

EXPORT int cuStreamEndCapture(void *handle, void **graph) {
    DRIVER_CALL
    Stream *stream = driver.stream_of(handle);
    if (stream == nullptr || stream->capture == nullptr) {
        return stream == nullptr ? INVALID_HANDLE : CAPTURE_INVALIDATED;
    }
    Graph *captured = stream->capture;
    for (Stream *other : driver.streams) {
        other->capture = other->capture == captured ? nullptr : other->capture;
    }
    stream->capture = nullptr;
    for (Event *event : driver.events) {
        event->captured = event->captured == captured ? nullptr : event->captured;
    }
    *graph = captured;
    return SUCCESS;
}

EXPORT int cuGraphInstantiateWithFlags(void **executable, void *handle, unsigned long long) {
    DRIVER_CALL
    auto *graph = static_cast<Graph *>(handle);
    if (driver.graphs.count(graph) == 0) {
        return INVALID_HANDLE;
    }
    auto *copy = new Graph(*graph);
    driver.graphs.insert(copy);
    *executable = copy;
    return SUCCESS;
}

EXPORT int cuGraphLaunch(void *executable, void *handle) {
    DRIVER_CALL
    auto *graph = static_cast<Graph *>(executable);
    Stream *stream = driver.stream_of(handle);
    if (stream == nullptr || driver.graphs.count(graph) == 0) {
        return INVALID_HANDLE;
    }
    if (driver.fails(FAIL_LAUNCH)) {
        return LAUNCH_FAILED;
    }
    for (const Command &command : graph->commands) {
        driver.enqueue(stream, command);
    }
    return SUCCESS;
}

EXPORT int cuGraphDestroy(void *handle) {
    DRIVER_CALL
    return destroy(driver.graphs, static_cast<Graph *>(handle)) ? SUCCESS : INVALID_HANDLE;
}

EXPORT int cuGraphExecDestroy(void *handle) { return cuGraphDestroy(handle); }
