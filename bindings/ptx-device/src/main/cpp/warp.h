/* A running block: its warps, its shared memory, and the checks that watch them. */
#ifndef PTX_WARP_H
#define PTX_WARP_H

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "grid_order.h"
#include "memory.h"
#include "program.h"
#include "report.h"

namespace ptx {

constexpr uint32_t FULL = 0xffffffffu;

struct Extent {
    uint32_t x = 1, y = 1, z = 1;
    uint64_t count() const { return static_cast<uint64_t>(x) * y * z; }
};

/* Ends a launch with a CUDA status; the finding was reported before. */
struct LaunchFault {
    int status;
};

enum Status : int {
    ILLEGAL_ADDRESS = 700,
    LAUNCH_TIMEOUT = 702,
    ILLEGAL_INSTRUCTION = 715,
    MISALIGNED_ADDRESS = 716,
    LAUNCH_FAILED = 719
};

/* Shared by all blocks of a launch. */
struct Launch {
    const Kernel *kernel;
    Extent grid, block;
    uint32_t dynamic_shared;
    std::vector<uint8_t> parameters;
    uint32_t number; /* of this launch; never 0 */
    uint64_t seed;
    DeviceMemory *memory;
    Report *report;
    GridOrder *order = nullptr; /* of a cooperative launch: all its blocks are resident */
    Address workspace = 0;      /* through which cooperative groups synchronise such a grid */
    bool dependent = false;     /* earlier work may still run until griddepcontrol.wait */
};

/* Shared memory of a block with its shadows; positions are bytes from its start. */
class SharedMemory {
public:
    void reset(uint32_t bytes);
    uint32_t bytes() const { return bytes_; }
    uint8_t *host(uint32_t at) { return data_.data() + at; }
    bool is_written(uint32_t at, uint32_t width) const;
    void set_written(uint32_t at, uint32_t width, bool value);
    /* True if the access conflicts with one of another warp since the last barrier. */
    bool reads(uint32_t at, uint32_t width, uint32_t warp, uint32_t epoch);
    bool writes(uint32_t at, uint32_t width, uint32_t warp, uint32_t epoch);

private:
    /* Last accesses to a 4-byte word; masks say which of its bytes. */
    struct Word {
        uint32_t write_epoch, read_epoch;
        uint8_t writer, write_mask, reader, read_mask;
        bool many_readers;
    };
    uint32_t bytes_ = 0;
    std::vector<uint8_t> data_;
    std::vector<uint8_t> written_; /* one per byte */
    std::vector<Word> words_;
};

/*
 * Which warps of a block read which global memory since its last barrier. Of reads that share an entry of
 * the table only the last is kept: a conflict may be missed, but none is invented.
 */
class RecentReads {
public:
    /* Of up to 16 bytes, aligned to their width. */
    void note(Address at, uint32_t width, uint32_t warp, uint32_t epoch) {
        Entry &entry = entries_[at / 16 % ENTRIES];
        uint8_t pairs = pairs_of(at, width);
        if (entry.place != at / 16 || entry.epoch != epoch) {
            entry = {at / 16, warp * EACH_BYTE, epoch, pairs, 0};
        } else if (entry.readers != warp * EACH_BYTE || (pairs & ~entry.read) != 0) {
            add(entry, pairs, warp);
        }
    }
    /* Whether another warp read some of them. */
    bool conflict(Address at, uint32_t width, uint32_t warp, uint32_t epoch) const;

private:
    static constexpr size_t ENTRIES = 4096;
    static constexpr uint64_t EACH_BYTE = 0x0101010101010101;
    /* 16 bytes in pairs: which warp read them first, and whether others did. */
    struct Entry {
        Address place;
        uint64_t readers;
        uint32_t epoch;
        uint8_t read, by_many;
    };
    std::vector<Entry> entries_ = std::vector<Entry>(ENTRIES);

    static uint8_t pairs_of(Address at, uint32_t width) {
        return static_cast<uint8_t>(((1u << (width + 1) / 2) - 1) << at % 16 / 2);
    }
    static void add(Entry &entry, uint8_t pairs, uint32_t warp);
};

/* A cp.async that has been issued and not been waited for. */
struct AsyncCopy {
    Address from;
    uint32_t to;
    uint8_t bytes;
    uint8_t source_bytes; /* the rest is zeros */
};

struct Block;

enum class WarpState : uint8_t { RUNNING, AT_BARRIER, DONE };

class Warp {
public:
    void reset(Block *block, uint32_t index, uint32_t threads);
    /* Runs up to `quantum` instructions, or until it waits or ends. */
    void run(int64_t quantum);

    template <class T> T *lanes(uint32_t offset) {
        return reinterpret_cast<T *>(frame_ + offset);
    }
    uint32_t &predicate(uint32_t offset) { return *reinterpret_cast<uint32_t *>(frame_ + offset); }

    /* Control flow, called by handlers. */
    void branch(uint32_t taken, uint32_t target);
    void exit(uint32_t lanes);
    void wait(uint32_t barrier, uint32_t threads);

    /* The next instruction. */
    const Instruction &next() const;

    /* Reports and goes on. */
    void find(const Instruction &at, int lane, const std::string &kind, const std::string &text);
    /* Reports and ends the launch. */
    [[noreturn]] void fault(const Instruction &at, int lane, const std::string &kind,
                            const std::string &text, int status);

    Block *block = nullptr;
    uint32_t index = 0;
    uint32_t live = 0;   /* lanes that have not ended */
    uint32_t active = 0; /* lanes that run together now */
    uint32_t waited = 0; /* lanes for which all earlier kernels have ended */
    WarpState state = WarpState::DONE;
    uint32_t barrier = 0, barrier_threads = 0;
    std::vector<std::vector<AsyncCopy>> async_groups; /* oldest first */
    std::vector<AsyncCopy> async_open;
    std::vector<uint8_t> local;

private:
    void set_specials();
    void regroup();

    std::vector<uint8_t> storage_;
    uint8_t *frame_ = nullptr;
    uint32_t pc_ = 0;
    bool diverged_ = false;
    uint32_t lane_pc_[LANES] = {};
};

/* One block and the counters of the worker that runs it. */
struct Block {
    const Launch *launch = nullptr;
    Extent index;
    uint32_t linear = 0; /* of the index */
    uint32_t threads = 0;
    uint32_t epoch = 1;  /* barriers passed + 1 */
    uint32_t first_epoch = 1; /* of this block: the counting goes on from the one before */
    SharedMemory shared;
    std::vector<Warp> warps;
    std::vector<Allocation *> site_cache; /* by memory instruction */
    RecentReads reads;
    Counters counters;
    std::mt19937_64 order;

    uint64_t changes = 0; /* of memory, barriers passed and warps ended: what another may wait for */

    /* Starts a block over. */
    void begin(uint32_t linear_index);
    /* Runs one warp for a while; false when the block has ended. */
    bool advance();
    /* Ends the launch if too many turns in a row have changed nothing. */
    void check_progress(uint64_t idle_turns, uint64_t warps_waiting);

private:
    std::vector<uint32_t> runnable_; /* warps */
    uint64_t turn_ = 0;
    int64_t budget_ = 0;

    size_t pick(size_t runnable);
    void release_barriers();
};

} // namespace ptx

#endif
