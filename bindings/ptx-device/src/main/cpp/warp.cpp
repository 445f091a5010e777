#include "warp.h"

#include <algorithm>
#include <immintrin.h>

namespace ptx {

namespace {
constexpr int64_t QUANTUM_MIN = 64;
constexpr int64_t QUANTUM_SPREAD = 1024;
/* A warp that runs this long has hung: the largest kernel here needs a thousandth. */
constexpr int64_t INSTRUCTIONS_MAX = 4'000'000'000;
/* Turns of up to QUANTUM_MIN + QUANTUM_SPREAD instructions, about 20 million and a quarter of a
   million more for every warp, in which nothing is written, no barrier passed and no warp ended. */
constexpr uint64_t IDLE_TURNS = 16384;
constexpr uint64_t IDLE_TURNS_PER_WARP = 256;
} // namespace

std::string Kernel::place(const Instruction &at) const {
    std::string text = name + ", PTX line " + std::to_string(at.ptx_line);
    auto file = files->find(at.source_file);
    if (file != files->end() && at.source_line != 0) {
        text += ", " + file->second + ":" + std::to_string(at.source_line);
    }
    return text + ", " + at.name;
}

/* ---- shared memory ---- */

void SharedMemory::reset(uint32_t bytes) {
    bytes_ = bytes;
    data_.assign(bytes + 16, 0xff); /* NaN in every float format */
    written_.assign(bytes + 16, 0);
    words_.resize(std::max<size_t>(words_.size(), bytes / 4 + 2)); /* epochs are never reused */
}

bool SharedMemory::is_written(uint32_t at, uint32_t width) const {
    for (uint32_t i = 0; i < width; i++) {
        if (!written_[at + i]) {
            return false;
        }
    }
    return true;
}

void SharedMemory::set_written(uint32_t at, uint32_t width, bool value) {
    memset(written_.data() + at, value, width);
}

static uint8_t byte_mask(uint32_t at, uint32_t width) {
    return width >= 4 ? 15 : static_cast<uint8_t>(((1u << width) - 1) << (at % 4));
}

bool SharedMemory::reads(uint32_t at, uint32_t width, uint32_t warp, uint32_t epoch) {
    bool conflict = false;
    uint8_t mask = byte_mask(at, width);
    for (uint32_t i = at / 4; i < (at + width + 3) / 4; i++) {
        Word &word = words_[i];
        conflict |= word.write_epoch == epoch && word.writer != warp && (word.write_mask & mask);
        if (word.read_epoch != epoch) {
            word.read_epoch = epoch;
            word.reader = static_cast<uint8_t>(warp);
            word.read_mask = mask;
            word.many_readers = false;
        } else {
            word.many_readers |= word.reader != warp;
            word.read_mask |= mask;
        }
    }
    return conflict;
}

bool SharedMemory::writes(uint32_t at, uint32_t width, uint32_t warp, uint32_t epoch) {
    bool conflict = false;
    uint8_t mask = byte_mask(at, width);
    for (uint32_t i = at / 4; i < (at + width + 3) / 4; i++) {
        Word &word = words_[i];
        conflict |= word.write_epoch == epoch && word.writer != warp && (word.write_mask & mask);
        conflict |= word.read_epoch == epoch && (word.read_mask & mask)
                    && (word.reader != warp || word.many_readers);
        word.write_mask = word.write_epoch == epoch ? word.write_mask | mask : mask;
        word.write_epoch = epoch;
        word.writer = static_cast<uint8_t>(warp);
    }
    return conflict;
}

/* ---- global memory, within a block ---- */

/* All bits of those bytes that have a bit in `pairs`. */
static uint64_t bytes_of(uint8_t pairs) { return _pdep_u64(pairs, 0x0101010101010101) * 0xff; }

static uint8_t nonzero_bytes(uint64_t value) {
    constexpr uint64_t LOW = 0x7f7f7f7f7f7f7f7f;
    return static_cast<uint8_t>(_pext_u64(((value & LOW) + LOW) | value, ~LOW));
}

void RecentReads::add(Entry &entry, uint8_t pairs, uint32_t warp) {
    uint64_t self = warp * EACH_BYTE;
    uint64_t before = bytes_of(pairs & entry.read), added = bytes_of(pairs & ~entry.read);
    entry.by_many |= nonzero_bytes((entry.readers ^ self) & before);
    entry.readers = (entry.readers & ~added) | (self & added);
    entry.read |= pairs;
}

bool RecentReads::conflict(Address at, uint32_t width, uint32_t warp, uint32_t epoch) const {
    const Entry &entry = entries_[at / 16 % ENTRIES];
    if (entry.place != at / 16 || entry.epoch != epoch) {
        return false;
    }
    uint8_t pairs = pairs_of(at, width) & entry.read;
    return (pairs & entry.by_many) != 0
           || ((entry.readers ^ warp * EACH_BYTE) & bytes_of(pairs)) != 0;
}

/* ---- a warp ---- */

void Warp::reset(Block *owner, uint32_t warp_index, uint32_t threads) {
    const Kernel &kernel = *owner->launch->kernel;
    block = owner;
    index = warp_index;
    uint32_t lanes_here = std::min<uint32_t>(LANES, threads - warp_index * LANES);
    live = lanes_here == LANES ? FULL : (1u << lanes_here) - 1;
    active = live;
    waited = owner->launch->dependent ? 0 : FULL;
    state = WarpState::RUNNING;
    pc_ = 0;
    diverged_ = false;
    async_groups.clear();
    async_open.clear();
    local.assign(static_cast<size_t>(kernel.local_bytes) * LANES, 0xff);
    storage_.resize(kernel.frame_bytes + 64);
    frame_ = storage_.data() + (64 - reinterpret_cast<uintptr_t>(storage_.data()) % 64) % 64;
    memset(frame_, 0xee, kernel.frame_bytes);
    for (const Constant &constant : kernel.constants) {
        for (int lane = 0; lane < LANES; lane++) {
            if (constant.bytes == 8) {
                lanes<uint64_t>(constant.offset)[lane] = constant.value;
            } else {
                lanes<uint32_t>(constant.offset)[lane] = static_cast<uint32_t>(constant.value);
            }
        }
    }
    set_specials();
}

void Warp::set_specials() {
    const Launch &launch = *block->launch;
    const Extent &b = launch.block;
    for (int special = 0; special < SPECIALS; special++) {
        uint32_t offset = launch.kernel->specials[special];
        if (offset == NONE) {
            continue;
        }
        for (uint32_t lane = 0; lane < LANES; lane++) {
            uint32_t thread = index * LANES + lane;
            uint32_t below = (1u << lane) - 1;
            uint32_t self = 1u << lane;
            const uint32_t values[SPECIALS] = {
                thread % b.x, thread / b.x % b.y, thread / b.x / b.y, b.x, b.y, b.z,
                block->index.x, block->index.y, block->index.z,
                launch.grid.x, launch.grid.y, launch.grid.z,
                lane, index, (block->threads + LANES - 1) / LANES, block->linear % 4, 4,
                self, below, below | self, ~(below | self), ~below, launch.dynamic_shared,
                static_cast<uint32_t>(launch.workspace >> 32),
                static_cast<uint32_t>(launch.workspace)};
            lanes<uint32_t>(offset)[lane] = values[special];
        }
    }
}

void Warp::regroup() {
    uint32_t least = NONE;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        if (live >> lane & 1 && lane_pc_[lane] < least) {
            least = lane_pc_[lane];
        }
    }
    pc_ = least;
    active = 0;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        active |= (live >> lane & 1 && lane_pc_[lane] == least) ? 1u << lane : 0;
    }
    diverged_ = active != live;
}

void Warp::branch(uint32_t taken, uint32_t target) {
    uint32_t rest = active & ~taken;
    if (rest == 0) {
        pc_ = target;
        return;
    }
    block->counters.divergent_branches++;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        if (active >> lane & 1) {
            lane_pc_[lane] = taken >> lane & 1 ? target : pc_;
        }
    }
    diverged_ = true;
    regroup();
}

void Warp::exit(uint32_t lanes_ending) {
    live &= ~lanes_ending;
    if (live == 0) {
        state = WarpState::DONE;
        block->changes++;
        return;
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        if (active >> lane & 1) {
            lane_pc_[lane] = pc_;
        }
    }
    regroup();
}

void Warp::wait(uint32_t number, uint32_t threads) {
    barrier = number;
    barrier_threads = threads;
    state = WarpState::AT_BARRIER;
}

void Warp::run(int64_t quantum) {
    const std::vector<Instruction> &code = block->launch->kernel->code;
    Counters &counters = block->counters;
    while (state == WarpState::RUNNING && quantum-- > 0) {
        const Instruction &instruction = code[pc_];
        if (instruction.leader && diverged_) {
            for (uint32_t lane = 0; lane < LANES; lane++) {
                if (active >> lane & 1) {
                    lane_pc_[lane] = pc_;
                }
            }
            uint32_t before = pc_;
            regroup();
            if (pc_ != before) {
                continue;
            }
        }
        uint32_t mask = active;
        if (instruction.guard != NONE) {
            uint32_t guard = predicate(instruction.guard);
            mask &= instruction.guard_negated ? ~guard : guard;
        }
        pc_++;
        counters.warp_instructions[instruction.kind]++;
        if (mask != 0) {
            counters.thread_instructions += static_cast<uint64_t>(__builtin_popcount(mask));
            instruction.run(*this, instruction, mask);
        }
    }
}

const Instruction &Warp::next() const { return block->launch->kernel->code[pc_]; }

void Warp::find(const Instruction &at, int lane, const std::string &kind, const std::string &text) {
    const Launch &launch = *block->launch;
    uint32_t thread = index * LANES + static_cast<uint32_t>(lane);
    launch.report->find(
        kind + launch.kernel->place(at),
        kind + ": " + text + " [" + launch.kernel->place(at) + ", block (" +
            std::to_string(block->index.x) + "," + std::to_string(block->index.y) + "," +
            std::to_string(block->index.z) + ") thread " + std::to_string(thread) + "]");
}

void Warp::fault(const Instruction &at, int lane, const std::string &kind, const std::string &text,
                 int status) {
    find(at, lane, kind, text);
    throw LaunchFault{status};
}

/* ---- a block ---- */

void Block::release_barriers() {
    for (Warp &first : warps) {
        if (first.state != WarpState::AT_BARRIER) {
            continue;
        }
        uint32_t arrived = 0;
        uint32_t ended = 0;
        for (Warp &warp : warps) {
            if (warp.state == WarpState::AT_BARRIER && warp.barrier == first.barrier) {
                arrived += LANES;
            }
            ended += warp.state == WarpState::DONE ? LANES : 0;
        }
        uint32_t all = static_cast<uint32_t>(warps.size()) * LANES;
        uint32_t wanted = first.barrier_threads != 0 ? first.barrier_threads : all - ended;
        if (arrived < wanted) {
            continue;
        }
        uint32_t number = first.barrier;
        for (Warp &warp : warps) {
            if (warp.state == WarpState::AT_BARRIER && warp.barrier == number) {
                warp.state = WarpState::RUNNING;
            }
        }
        epoch++;
        changes++;
        counters.barriers++;
        return;
    }
}

void Block::begin(uint32_t linear_index) {
    const Kernel &kernel = *launch->kernel;
    linear = linear_index;
    index = {linear % launch->grid.x, linear / launch->grid.x % launch->grid.y,
             linear / launch->grid.x / launch->grid.y};
    threads = static_cast<uint32_t>(launch->block.count());
    first_epoch = ++epoch;
    shared.reset(kernel.shared_bytes + launch->dynamic_shared);
    warps.resize((threads + LANES - 1) / LANES);
    for (uint32_t i = 0; i < warps.size(); i++) {
        warps[i].reset(this, i, threads);
    }
    site_cache.assign(kernel.sites, nullptr);
    order.seed(launch->seed * 0x9e3779b97f4a7c15ull + linear);
    counters.blocks++;
    turn_ = 0;
    budget_ = INSTRUCTIONS_MAX;
}

/* Seed 0 takes the first warp as long as it can run and 1 the last; where blocks may wait for each
   other every warp gets its turn. */
size_t Block::pick(size_t runnable) {
    size_t first = launch->order != nullptr ? turn_++ % runnable : 0;
    return launch->seed == 0 ? first : launch->seed == 1 ? runnable - 1 - first : order() % runnable;
}

bool Block::advance() {
    runnable_.clear();
    bool waiting = false;
    for (uint32_t i = 0; i < warps.size(); i++) {
        if (warps[i].state == WarpState::RUNNING) {
            runnable_.push_back(i);
        }
        waiting |= warps[i].state == WarpState::AT_BARRIER;
    }
    if (runnable_.empty() && !waiting) {
        return false;
    }
    if (runnable_.empty()) {
        uint32_t before = epoch;
        release_barriers();
        if (epoch == before) {
            warps[0].fault(launch->kernel->code[0], 0, "deadlock", "warps wait at different barriers",
                           LAUNCH_TIMEOUT);
        }
        return true;
    }
    Warp &warp = warps[runnable_[pick(runnable_.size())]];
    int64_t quantum = QUANTUM_MIN + static_cast<int64_t>(order() % QUANTUM_SPREAD);
    quantum = launch->seed <= 1 ? QUANTUM_MIN + QUANTUM_SPREAD : quantum;
    warp.run(quantum);
    budget_ -= quantum;
    if (budget_ < 0) {
        warp.fault(launch->kernel->code[0], 0, "hang", "too many instructions", LAUNCH_TIMEOUT);
    }
    release_barriers();
    return true;
}

void Block::check_progress(uint64_t idle_turns, uint64_t warps_waiting) {
    if (idle_turns < IDLE_TURNS + IDLE_TURNS_PER_WARP * warps_waiting) {
        return;
    }
    for (Warp &warp : warps) {
        if (warp.state == WarpState::RUNNING) {
            warp.fault(warp.next(), __builtin_ctz(warp.active), "no progress",
                       launch->order != nullptr
                           ? "all blocks of the grid wait for what none of them will write"
                           : "waits for what its block will not write; other blocks need not run"
                             " beside it unless the launch is cooperative",
                       LAUNCH_TIMEOUT);
        }
    }
}

} // namespace ptx
