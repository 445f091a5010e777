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

/* Notes that this launch touched a sector; true the first time. */
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
    if (counter_at(allocation->page_writes, offset / PAGE_BYTES)->load(std::memory_order_relaxed) == launch
        && !(i.flags & ORDERED)) {
        uint64_t self = static_cast<uint64_t>(launch) << 32 | (warp.block->linear + 1);
        for (uint64_t o = offset; o < offset + width; o += 2) {
            uint64_t writer = writer_at(*allocation, o)->load(std::memory_order_relaxed);
            if (writer >> 32 == launch && writer != self) {
                warp.find(i, lane, "global race",
                          "reads what block " + std::to_string((writer & 0xffffffff) - 1) +
                              " of the same launch writes");
                break;
            }
        }
    }
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
    uint64_t self = static_cast<uint64_t>(launch) << 32 | (warp.block->linear + 1);
    for (uint64_t o = offset; o < offset + width; o += 2) {
        auto *writer = writer_at(*allocation, o);
        uint64_t before = writer->load(std::memory_order_relaxed);
        if (before == self) {
            continue;
        }
        before = writer->exchange(self, std::memory_order_relaxed);
        if (before >> 32 == launch && before != self && !(i.flags & ORDERED)) {
            warp.find(i, lane, "global race",
                      "writes what block " + std::to_string((before & 0xffffffff) - 1) +
                          " of the same launch writes");
        }
    }
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

MemoryForm memory_form(Decoder &d) {
    MemoryForm form;
    if (d.take("volatile") || d.take("relaxed") || d.take("acquire") || d.take("release")
        || d.take("acq_rel")) {
        form.ordered = true;
        d.take("cta") || d.take("gpu") || d.take("sys");
    } else {
        d.take("weak");
    }
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
