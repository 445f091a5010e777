#include "driver.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace ptx {

Driver &Driver::instance() {
    static Driver *driver = new Driver(); /* outlives every thread that may still call */
    return *driver;
}

Stream *Driver::stream_of(void *handle) {
    if (handle == nullptr || handle == reinterpret_cast<void *>(1)
        || handle == reinterpret_cast<void *>(2)) {
        return &default_stream;
    }
    auto *stream = static_cast<Stream *>(handle);
    return streams.count(stream) != 0 ? stream : nullptr;
}

int Driver::fault(int status, const std::string &text) {
    report.find(text, text);
    sticky = status;
    return status;
}

int Driver::enqueue(Stream *stream, Command command) {
    if (stream->capture != nullptr) {
        stream->capture->commands.push_back(std::move(command));
    } else {
        stream->queue.push_back(std::move(command));
    }
    return SUCCESS;
}

int Driver::enqueue_kernel(const LaunchRequest &request) {
    const Kernel &kernel = *request.kernel;
    uint64_t threads = request.block.count();
    uint64_t shared = kernel.shared_bytes + static_cast<uint64_t>(request.dynamic_shared);
    if (threads == 0 || threads > kernel.max_threads || request.grid.count() == 0
        || request.grid.y > 65535 || request.grid.z > 65535 || shared > kernel.dynamic_shared_max) {
        report.find("launch " + kernel.name,
                    "invalid launch: " + kernel.name + " with " + std::to_string(threads) +
                        " threads a block and " + std::to_string(shared) + " bytes of shared memory");
        return INVALID_VALUE;
    }
    if (fails(FAIL_LAUNCH)) {
        return LAUNCH_FAILED;
    }
    if (request.parameters == nullptr && !kernel.parameters.empty()) {
        report.find("parameters " + kernel.name, "invalid launch: " + kernel.name + " without parameters");
        return INVALID_VALUE;
    }
    std::vector<uint8_t> parameters(kernel.parameter_bytes + 8);
    for (size_t i = 0; i < kernel.parameters.size(); i++) {
        memcpy(parameters.data() + kernel.parameters[i].offset, request.parameters[i],
               kernel.parameters[i].bytes);
    }
    if (request.cooperative
        && request.grid.count() > uint64_t{MULTIPROCESSORS}
                                      * resident_blocks(kernel, threads, request.dynamic_shared)) {
        return COOPERATIVE_LAUNCH_TOO_LARGE;
    }
    Command command;
    LaunchRequest copy = request;
    command.run = [this, copy, parameters] { return run_kernel(copy, parameters); };
    return enqueue(request.stream, std::move(command));
}

uint32_t Driver::resident_blocks(const Kernel &kernel, uint64_t threads, uint32_t dynamic_shared) {
    uint64_t whole_warps = (threads + LANES - 1) / LANES * LANES;
    uint64_t shared = uint64_t{kernel.shared_bytes} + dynamic_shared + SHARED_RESERVED;
    return static_cast<uint32_t>(std::min({uint64_t{BLOCKS_RESIDENT}, THREADS_RESIDENT / whole_warps,
                                           SHARED_RESIDENT / shared}));
}

int Driver::run_kernel(const LaunchRequest &request, const std::vector<uint8_t> &parameters) {
    if (kernels.count(request.kernel) == 0) {
        return fault(LAUNCH_FAILED, "launch of a kernel whose module was unloaded");
    }
    Launch launch{request.kernel, request.grid, request.block, request.dynamic_shared,
                  parameters,     ++launches_,  seed,          &memory,
                  &report};
    launch.dependent = request.dependent;
    if (!request.cooperative) {
        return ended(executor_.run(launch));
    }
    constexpr uint64_t WORKSPACE_BYTES = 64;
    Allocation *workspace = memory.allocate(WORKSPACE_BYTES); /* zeros */
    if (workspace == nullptr) {
        return fault(LAUNCH_FAILED, "no memory for what a cooperative grid synchronises through");
    }
    workspace->mark_written(workspace->base, WORKSPACE_BYTES);
    GridOrder order(static_cast<uint32_t>(request.grid.count()));
    launch.order = &order;
    launch.workspace = workspace->base;
    int status = ended(executor_.run(launch));
    memory.release(workspace->base);
    return status;
}

int Driver::ended(int status) {
    if (status != SUCCESS) {
        sticky = status;
    }
    return status;
}

int Driver::wait(Stream *stream, Event *event) {
    if (event->captured != nullptr && stream->capture == nullptr) {
        stream->capture = event->captured; /* joins the capture; replay keeps the capture's order */
        return SUCCESS;
    }
    if (stream->capture != nullptr) {
        return SUCCESS;
    }
    Command command;
    command.wait_for = event;
    command.wait_until = event->queued;
    command.run = [] { return static_cast<int>(SUCCESS); };
    return enqueue(stream, std::move(command));
}

int Driver::execute(Command &command) { return sticky != SUCCESS ? sticky : command.run(); }

/* Runs one command of some stream; false if none is ready. */
bool Driver::step() {
    std::vector<Stream *> ready;
    auto consider = [&](Stream *stream) {
        if (stream->queue.empty()) {
            return;
        }
        const Command &head = stream->queue.front();
        if (head.wait_for == nullptr || head.wait_for->done >= head.wait_until) {
            ready.push_back(stream);
        }
    };
    consider(&default_stream);
    for (Stream *stream : streams) {
        consider(stream);
    }
    if (ready.empty()) {
        return false;
    }
    size_t pick = seed == 0 ? 0 : seed == 1 ? ready.size() - 1 : order_() % ready.size();
    Command command = std::move(ready[pick]->queue.front());
    ready[pick]->queue.pop_front();
    execute(command);
    return true;
}

int Driver::synchronize(Stream *stream) {
    while (!stream->queue.empty()) {
        if (!step()) {
            return fault(LAUNCH_FAILED, "deadlock: a stream waits for an event nobody will record");
        }
    }
    return sticky;
}

int Driver::synchronize_all() {
    while (step()) {
    }
    return sticky;
}

int Driver::copy_to_device(Address to, const void *from, uint64_t bytes) {
    Allocation *allocation = memory.range(to, bytes);
    if (allocation == nullptr) {
        return fault(ILLEGAL_ADDRESS, "out of bounds: a copy of " + std::to_string(bytes) +
                                          " bytes to memory that is not allocated");
    }
    report.bytes_to_device += bytes;
    memcpy(allocation->host(to), from, bytes);
    allocation->mark_written(to, bytes);
    return SUCCESS;
}

static bool is_written(const Allocation &allocation, Address at, uint64_t bytes) {
    for (uint64_t done = 0; done < bytes; done += 16) {
        if (!allocation.is_written(at + done, bytes - done < 16 ? bytes - done : 16)) {
            return false;
        }
    }
    return true;
}

int Driver::copy_to_host(void *to, Address from, uint64_t bytes) {
    Allocation *allocation = memory.range(from, bytes);
    if (allocation == nullptr) {
        return fault(ILLEGAL_ADDRESS, "out of bounds: a copy of " + std::to_string(bytes) +
                                          " bytes from memory that is not allocated");
    }
    if (!is_written(*allocation, from, bytes)) {
        report.find("copy to host", "uninitialised global read: by a copy to the host of " +
                                        std::to_string(bytes) + " bytes");
    }
    report.bytes_to_host += bytes;
    memcpy(to, allocation->host(from), bytes);
    return SUCCESS;
}

/* A copy does not count as a read: bytes never written stay so at the target, and a read there is found. */
int Driver::copy_on_device(Address to, Address from, uint64_t bytes) {
    Allocation *source = memory.range(from, bytes);
    Allocation *target = memory.range(to, bytes);
    if (source == nullptr || target == nullptr) {
        return fault(ILLEGAL_ADDRESS, std::string("out of bounds: a device copy ") +
                                          (source == nullptr ? "from" : "to") + " memory not allocated");
    }
    memmove(target->host(to), source->host(from), bytes);
    target->copy_written(to, *source, from, bytes);
    return SUCCESS;
}

int Driver::fill(Address to, uint32_t value, int width, uint64_t count) {
    Allocation *allocation = memory.range(to, count * static_cast<uint64_t>(width));
    if (allocation == nullptr) {
        return fault(ILLEGAL_ADDRESS, "out of bounds: a fill of memory that is not allocated");
    }
    uint8_t *at = allocation->host(to);
    for (uint64_t i = 0; i < count; i++) {
        memcpy(at + i * static_cast<uint64_t>(width), &value, static_cast<size_t>(width));
    }
    allocation->mark_written(to, count * static_cast<uint64_t>(width));
    return SUCCESS;
}

void Driver::destroy_context() {
    synchronize_all();
    auto leaked = [&](const char *what, uint64_t count) {
        if (count > 0) {
            report.find(std::string("leak ") + what,
                        std::string("leak: ") + std::to_string(count) + " " + what +
                            " alive when the context was destroyed");
        }
    };
    leaked("allocations", memory.live());
    leaked("streams", streams.size());
    leaked("events", events.size());
    leaked("graphs", graphs.size());
    leaked("modules", modules.size());
    leaked("pinned host allocations", pinned.size());
    for (Stream *stream : streams) delete stream;
    for (Event *event : events) delete event;
    for (Graph *graph : graphs) delete graph;
    for (Module *module : modules) delete module;
    for (void *host : pinned) free(host);
    streams.clear();
    events.clear();
    graphs.clear();
    modules.clear();
    kernels.clear();
    pinned.clear();
    memory = DeviceMemory();
    default_stream = Stream();
    sticky = sticky == DEVICE_UNAVAILABLE ? sticky : static_cast<int>(SUCCESS);
}

void Driver::inject(int what, int64_t after) {
    injected_ = what;
    inject_after_ = after;
    if (what == FAIL_NONE && sticky == DEVICE_UNAVAILABLE) {
        sticky = SUCCESS;
    }
}

bool Driver::fails(Injected what) {
    if (injected_ != what || --inject_after_ > 0) {
        return false;
    }
    injected_ = FAIL_NONE;
    if (what == FAIL_DEVICE) {
        sticky = DEVICE_UNAVAILABLE;
    }
    return true;
}

} // namespace ptx
