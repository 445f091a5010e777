/*
 * The state behind the driver API: memory, modules, streams of queued commands, events and graphs.
 * Nothing runs when it is queued: a stream runs when a call waits for it, its commands in order, those of
 * different streams in any order that events allow, chosen by the seed. So a missing event shows, and so
 * does a buffer freed or reused too early.
 */
#ifndef PTX_DRIVER_H
#define PTX_DRIVER_H

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "executor.h"
#include "memory.h"
#include "program.h"
#include "report.h"

namespace ptx {

/* The emulated devices: few multiprocessors of compute capability 8.0, and 9.0. */
constexpr int COMPUTE_MAJOR[] = {8, 9};
constexpr int DEVICES = 2;
constexpr uint32_t MULTIPROCESSORS = 4;
constexpr uint32_t THREADS_RESIDENT = 2048;
constexpr uint32_t BLOCKS_RESIDENT = 32;
constexpr uint32_t SHARED_RESIDENT = 164 * 1024;
constexpr uint32_t SHARED_RESERVED = 1024; /* of each block, by the driver */

enum Result : int {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_CONTEXT = 201,
    DEVICE_UNAVAILABLE = 46,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
    NOT_READY = 600,
    COOPERATIVE_LAUNCH_TOO_LARGE = 720,
    NOT_SUPPORTED = 801,
    CAPTURE_UNSUPPORTED = 900,
    CAPTURE_INVALIDATED = 901
};

struct Event {
    uint64_t queued = 0; /* records asked for and done */
    uint64_t done = 0;
    double seconds = 0;
    struct Graph *captured = nullptr;
};

struct Command {
    Event *wait_for = nullptr; /* ready when `wait_until` of its records are done */
    uint64_t wait_until = 0;
    std::function<int()> run;
};

struct Graph {
    std::vector<Command> commands;
};

struct Stream {
    std::deque<Command> queue;
    Graph *capture = nullptr;
};

/* A launch as requested by cuLaunchKernelEx or an older call. */
struct LaunchRequest {
    Kernel *kernel;
    Extent grid, block;
    uint32_t dynamic_shared;
    Stream *stream;
    void **parameters;
    bool cooperative;
    bool dependent; /* may start before earlier work has ended, and waits for it by itself */
};

enum Injected : int { FAIL_NONE, FAIL_ALLOCATION, FAIL_LAUNCH, FAIL_MODULE, FAIL_DEVICE };

class Driver {
public:
    static Driver &instance();

    std::recursive_mutex mutex;
    DeviceMemory memory;
    Report report;
    uint64_t seed = 0;
    bool initialised = false;
    int device = 0; /* of the context */
    int sticky = SUCCESS; /* the fault that ended the context's life */

    std::set<Stream *> streams;
    std::set<Event *> events;
    std::set<Graph *> graphs;
    std::set<Module *> modules;
    std::set<void *> pinned;
    std::set<Kernel *> kernels;

    Stream default_stream;

    /* A null handle is the default stream; null if the handle is unknown. */
    Stream *stream_of(void *handle);
    /* Queues, or adds to the graph that captures the stream. */
    int enqueue(Stream *stream, Command command);
    int enqueue_kernel(const LaunchRequest &request);
    /* Blocks of a kernel that a multiprocessor holds at once; its registers are not known here. */
    static uint32_t resident_blocks(const Kernel &kernel, uint64_t threads, uint32_t dynamic_shared);
    int wait(Stream *stream, Event *event);
    int synchronize(Stream *stream);
    int synchronize_all();
    int copy_to_device(Address to, const void *from, uint64_t bytes);
    int copy_to_host(void *to, Address from, uint64_t bytes);
    int copy_on_device(Address to, Address from, uint64_t bytes);
    int fill(Address to, uint32_t value, int width, uint64_t count);
    /* Frees all remaining objects and reports them as leaked; a new context starts empty. */
    void destroy_context();
    void inject(int what, int64_t after);
    /* True if the injected failure falls on this call. */
    bool fails(Injected what);

private:
    Executor executor_;
    uint32_t launches_ = 0;
    int injected_ = FAIL_NONE;
    int64_t inject_after_ = 0;
    std::mt19937_64 order_;

    int run_kernel(const LaunchRequest &request, const std::vector<uint8_t> &parameters);
    int ended(int status);
    int execute(Command &command);
    bool step();
    int fault(int status, const std::string &text);
};

} // namespace ptx

#endif
