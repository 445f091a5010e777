/* Driver API: streams, events and graphs. */
#include <chrono>

#include "api.h"

using namespace ptx;

namespace {

double now_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace

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
