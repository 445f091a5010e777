#include "access.h"

#include <algorithm>
#include <atomic>

#include "decode.h"

namespace ptx {

static std::string hex(uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

static void check_alignment(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    if (at % width != 0) {
        warp.fault(i, lane, "misaligned", std::to_string(width) + " bytes at " + hex(at),
                   MISALIGNED_ADDRESS);
    }
}

uint8_t *global_at(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width,
                   uint32_t alignment, Allocation *&allocation) {
    check_alignment(warp, i, lane, at, alignment == 0 ? width : alignment);
    if (!(warp.waited >> lane & 1)) { /* reads too: which memory is constant is not known here */
        warp.find(i, lane, "early access",
                  "global memory before griddepcontrol.wait, in a launch that overlaps the one in front");
    }
    Allocation *&cached = warp.block->site_cache[i.site];
    if (cached == nullptr || !cached->holds(at, width)) {
        Allocation *found = warp.block->launch->memory->find(at);
        std::string what = std::to_string(width) + " bytes at " + hex(at);
        if (found == nullptr) {
            warp.fault(i, lane, "out of bounds", what + ", no device memory", ILLEGAL_ADDRESS);
        }
        int64_t beyond = static_cast<int64_t>(at - found->base - found->bytes);
        if (!found->holds(at, width)) {
            warp.fault(i, lane, "out of bounds",
                       what + ", " + std::to_string(beyond) + " bytes beyond an allocation of " +
                           std::to_string(found->bytes),
                       ILLEGAL_ADDRESS);
        }
        if (found->freed) {
            warp.fault(i, lane, "use after free", what, ILLEGAL_ADDRESS);
        }
        cached = found;
    }
    allocation = cached;
    return cached->host(at);
}

static std::atomic<uint32_t> *counter_at(const LazyBytes &shadow, uint64_t index) {
    return reinterpret_cast<std::atomic<uint32_t> *>(shadow.data() + index * 4);
}

/* Records that this launch touched a sector; true the first time. */
static bool touch(const LazyBytes &shadow, uint64_t index, uint32_t launch) {
    auto *at = counter_at(shadow, index);
    if (at->load(std::memory_order_relaxed) == launch) {
        return false;
    }
    return at->exchange(launch, std::memory_order_relaxed) != launch;
}

static std::atomic<uint64_t> *writer_at(const Allocation &allocation, uint64_t offset) {
    return reinterpret_cast<std::atomic<uint64_t> *>(allocation.writers.data() + offset / 2 * 8);
}

/* The writer of a word: the launch, and in its lower half the block or, where blocks may wait for
   each other, the block's stamp. */
static uint64_t writer_now(const Block &block) {
    const Launch &launch = *block.launch;
    uint32_t who = launch.order != nullptr ? launch.order->stamp(block.linear) : block.linear + 1;
    return static_cast<uint64_t>(launch.number) << 32 | who;
}

static uint32_t writer_block(const Block &block, uint64_t writer) {
    auto who = static_cast<uint32_t>(writer);
    return block.launch->order != nullptr ? GridOrder::block_of(who) : who - 1;
}

/* Whether another block of this launch wrote it, and this one did not wait for that. */
static bool is_unordered(const Block &block, uint64_t writer) {
    if (writer >> 32 != block.launch->number) {
        return false;
    }
    return block.launch->order != nullptr
               ? !block.launch->order->knows(block.linear, static_cast<uint32_t>(writer))
               : static_cast<uint32_t>(writer) != block.linear + 1;
}

/* ---- races within a block ---- */

constexpr uint32_t STAMP_ORDERED = 32;
constexpr int STAMP_EPOCH = 6;

static std::atomic<uint32_t> *stamp_at(const Allocation &allocation, uint64_t offset) {
    return counter_at(allocation.stamps, offset / 2);
}

/* The record of a write besides its block: the barriers passed, whether it is ordered, the warp. */
static uint32_t stamp_now(const Warp &warp, const Instruction &i) {
    return (warp.block->epoch - warp.block->first_epoch) << STAMP_EPOCH
           | (i.flags & ORDERED ? STAMP_ORDERED : 0) | warp.index;
}

/* Whether another warp of this block wrote it since the last barrier; ordered accesses are no race. */
static bool is_unsynchronised(const Warp &warp, uint64_t writer, uint32_t stamp, uint32_t now) {
    return writer >> 32 == warp.block->launch->number && stamp >> STAMP_EPOCH == now >> STAMP_EPOCH
           && stamp % STAMP_ORDERED != warp.index && !(stamp & now & STAMP_ORDERED)
           && writer_block(*warp.block, writer) == warp.block->linear;
}

static std::string warp_of(uint32_t stamp) {
    return "warp " + std::to_string(stamp % STAMP_ORDERED) + " of the same block";
}

/* Looks for writes of others that nothing orders before a read. */
static void check_read(Warp &warp, const Instruction &i, int lane, const Allocation &allocation,
                       uint64_t offset, uint32_t width) {
    uint32_t now = stamp_now(warp, i);
    for (uint64_t o = offset; o < offset + width; o += 2) {
        uint64_t writer = writer_at(allocation, o)->load(std::memory_order_relaxed);
        if (writer >> 32 != warp.block->launch->number) {
            continue;
        }
        if (is_unordered(*warp.block, writer)) {
            warp.find(i, lane, "global race",
                      "reads what block " + std::to_string(writer_block(*warp.block, writer)) +
                          " of the same launch writes");
            return;
        }
        uint32_t stamp = stamp_at(allocation, o)->load(std::memory_order_relaxed);
        if (is_unsynchronised(warp, writer, stamp, now)) {
            warp.find(i, lane, "global race",
                      "reads what " + warp_of(stamp) + " wrote since the last barrier");
            return;
        }
    }
}

/* Records a write, and looks for accesses of others that nothing orders before it. */
static void check_write(Warp &warp, const Instruction &i, int lane, Address at, const Allocation &allocation,
                        uint32_t width) {
    uint64_t offset = at - allocation.base;
    uint64_t self = writer_now(*warp.block);
    uint32_t now = stamp_now(warp, i);
    for (uint64_t o = offset; o < offset + width; o += 2) {
        auto *writer = writer_at(allocation, o);
        auto *noted = stamp_at(allocation, o);
        uint64_t before = writer->load(std::memory_order_relaxed);
        uint32_t stamp = noted->load(std::memory_order_relaxed);
        if (before != self) {
            before = writer->exchange(self, std::memory_order_relaxed);
        }
        if (stamp != now) {
            noted->store(now, std::memory_order_relaxed);
        }
        if (is_unordered(*warp.block, before) && !(i.flags & ORDERED)) {
            warp.find(i, lane, "global race",
                      "writes what block " + std::to_string(writer_block(*warp.block, before)) +
                          " of the same launch writes");
        } else if (is_unsynchronised(warp, before, stamp, now)) {
            warp.find(i, lane, "global race",
                      "writes what " + warp_of(stamp) + " wrote since the last barrier");
        }
    }
    if (warp.block->reads.conflict(at, width, warp.index, warp.block->epoch)) {
        warp.find(i, lane, "global race",
                  "writes what another warp of the block read since the last barrier");
    }
}

uint8_t *global_read(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width,
                     uint32_t alignment) {
    Allocation *allocation;
    uint8_t *host = global_at(warp, i, lane, at, width, alignment, allocation);
    uint64_t offset = at - allocation->base;
    uint32_t launch = warp.block->launch->number;
    if (touch(allocation->sector_reads, offset / SECTOR_BYTES, launch)) {
        warp.block->counters.unique_read_sectors++;
    }
    if (!allocation->is_written(at, width)) {
        warp.find(i, lane, "uninitialised global read", std::to_string(width) + " bytes at " + hex(at));
    }
    auto *page_writer = counter_at(allocation->page_writes, offset / PAGE_BYTES);
    uint32_t writing = page_writer->load(std::memory_order_relaxed);
    /* Reads of memory that no kernel ever wrote, such as weights, are not recorded. */
    if (writing != 0 && !(i.flags & ORDERED)) {
        warp.block->reads.note(at, width, warp.index, warp.block->epoch);
        if (writing == launch) {
            check_read(warp, i, lane, *allocation, offset, width);
        }
    }
    order_read(warp, i, at);
    return host;
}

uint8_t *global_write(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    Allocation *allocation;
    uint8_t *host = global_at(warp, i, lane, at, width, width, allocation);
    uint64_t offset = at - allocation->base;
    uint32_t launch = warp.block->launch->number;
    if (touch(allocation->sector_writes, offset / SECTOR_BYTES, launch)) {
        warp.block->counters.unique_written_sectors++;
    }
    touch(allocation->page_writes, offset / PAGE_BYTES, launch);
    allocation->mark_written(at, width);
    warp.block->changes++;
    check_write(warp, i, lane, at, *allocation, width);
    order_write(warp, i, at, false);
    return host;
}

uint8_t *global_atomic(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    Allocation *allocation;
    uint8_t *host = global_at(warp, i, lane, at, width, width, allocation);
    if (!allocation->is_written(at, width)) {
        warp.find(i, lane, "uninitialised global read", "by an atomic");
    }
    touch(allocation->page_writes, (at - allocation->base) / PAGE_BYTES, warp.block->launch->number);
    check_write(warp, i, lane, at, *allocation, width);
    order_read(warp, i, at);
    order_write(warp, i, at, true);
    return host;
}

static uint32_t shared_at(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    check_alignment(warp, i, lane, at, width);
    uint32_t bytes = warp.block->shared.bytes();
    if (at + width > bytes || at + width < at) {
        warp.fault(i, lane, "out of bounds",
                   std::to_string(width) + " bytes at " + std::to_string(static_cast<int64_t>(at)) +
                       " of " + std::to_string(bytes) + " bytes of shared memory",
                   ILLEGAL_ADDRESS);
    }
    return static_cast<uint32_t>(at);
}

uint8_t *shared_read(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    Block &block = *warp.block;
    uint32_t offset = shared_at(warp, i, lane, at, width);
    if (!block.shared.is_written(offset, width)) {
        warp.find(i, lane, "uninitialised shared read",
                  std::to_string(width) + " bytes at " + std::to_string(offset));
    }
    if (block.shared.reads(offset, width, warp.index, block.epoch) && !(i.flags & ORDERED)) {
        warp.find(i, lane, "shared race", "reads at " + std::to_string(offset) +
                                              " what another warp wrote since the last barrier");
    }
    return block.shared.host(offset);
}

uint8_t *shared_write(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    Block &block = *warp.block;
    uint32_t offset = shared_at(warp, i, lane, at, width);
    block.shared.set_written(offset, width, true);
    if (block.shared.writes(offset, width, warp.index, block.epoch) && !(i.flags & ORDERED)) {
        warp.find(i, lane, "shared race", "writes at " + std::to_string(offset) +
                                              " what another warp used since the last barrier");
    }
    return block.shared.host(offset);
}

uint8_t *local_at(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    check_alignment(warp, i, lane, at, width);
    uint32_t bytes = warp.block->launch->kernel->local_bytes;
    if (at > bytes || at + width > bytes) {
        warp.fault(i, lane, "out of bounds", "local memory at " + std::to_string(at), ILLEGAL_ADDRESS);
    }
    return warp.local.data() + static_cast<size_t>(lane) * bytes + at;
}

void count_global(Warp &warp, const Address *at, uint32_t mask, uint32_t width, bool load) {
    Counters &counters = warp.block->counters;
    uint64_t sectors[LANES];
    int count = 0;
    bool ascending = true;
    for (int lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        uint64_t sector = at[lane] / SECTOR_BYTES;
        if (count > 0 && sectors[count - 1] == sector) {
            continue;
        }
        ascending &= count == 0 || sectors[count - 1] < sector;
        sectors[count++] = sector;
    }
    if (!ascending) {
        std::sort(sectors, sectors + count);
        count = static_cast<int>(std::unique(sectors, sectors + count) - sectors);
    }
    uint64_t bytes = static_cast<uint64_t>(__builtin_popcount(mask)) * width;
    (load ? counters.global_load_requests : counters.global_store_requests)++;
    (load ? counters.global_load_sectors : counters.global_store_sectors) += static_cast<uint64_t>(count);
    (load ? counters.global_load_bytes : counters.global_store_bytes) += bytes;
}

/* 32 banks of 4 bytes; 8-byte requests go by half warps, 16-byte ones by quarter warps. */
void count_shared(Warp &warp, const Address *at, uint32_t mask, uint32_t width) {
    Counters &counters = warp.block->counters;
    counters.shared_requests++;
    int phase_lanes = width <= 4 ? 32 : width == 8 ? 16 : 8;
    for (int first = 0; first < LANES; first += phase_lanes) {
        uint32_t words[LANES][LANES];
        uint8_t used[LANES] = {};
        uint8_t worst = 0;
        for (int lane = first; lane < first + phase_lanes; lane++) {
            if (!(mask >> lane & 1)) {
                continue;
            }
            for (uint32_t w = 0; w < (width + 3) / 4; w++) {
                auto word = static_cast<uint32_t>(at[lane] / 4 + w);
                uint32_t bank = word % LANES;
                bool known = false;
                for (uint8_t k = 0; k < used[bank]; k++) {
                    known |= words[bank][k] == word;
                }
                if (!known) {
                    words[bank][used[bank]++] = word;
                    worst = std::max(worst, used[bank]);
                }
            }
        }
        counters.shared_wavefronts += worst;
        counters.shared_wavefronts_ideal += worst > 0;
    }
}

uint8_t memory_order(Decoder &d) {
    if (d.take("volatile")) {
        return ORDERED;
    }
    int flags = d.take("relaxed")   ? ORDERED
                : d.take("acquire") ? ORDERED | ACQUIRES
                : d.take("release") ? ORDERED | RELEASES
                : d.take("acq_rel") ? ORDERED | ACQUIRES | RELEASES
                                    : 0;
    flags |= d.take("cta") ? BLOCK_ONLY : 0;
    d.take("gpu") || d.take("sys");
    return static_cast<uint8_t>(flags);
}

void order_read(Warp &warp, const Instruction &i, Address at) {
    GridOrder *order = warp.block->launch->order;
    if (order != nullptr && (i.flags & (ORDERED | BLOCK_ONLY)) == ORDERED) {
        order->read(warp.block->linear, at, i.flags & ACQUIRES);
    }
}

void order_write(Warp &warp, const Instruction &i, Address at, bool atomic) {
    GridOrder *order = warp.block->launch->order;
    if (order != nullptr && (i.flags & (ORDERED | BLOCK_ONLY)) == ORDERED) {
        order->written(warp.block->linear, at, i.flags & RELEASES, atomic);
    }
}

MemoryForm memory_form(Decoder &d) {
    MemoryForm form;
    form.flags = memory_order(d);
    d.take("weak");
    form.space = d.take("param")    ? Space::PARAM
                 : d.take("global") ? Space::GLOBAL
                 : d.take("shared") ? Space::SHARED
                 : d.take("local")  ? Space::LOCAL
                 : d.take("const")  ? Space::CONSTANT
                                    : Space::GENERIC;
    for (const char *hint : {"nc", "ca", "cg", "cs", "lu", "cv", "wb", "wt", "L1::no_allocate",
                             "L1::evict_first", "L1::evict_last", "L1::evict_normal",
                             "L2::64B", "L2::128B", "L2::256B"}) {
        d.take(hint);
    }
    return form;
}

} // namespace ptx
