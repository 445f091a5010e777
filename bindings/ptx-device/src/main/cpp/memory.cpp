#include "memory.h"

#include <cstring>
#include <new>
#include <sys/mman.h>

namespace ptx {

LazyBytes::LazyBytes(uint64_t bytes) : data_(nullptr), bytes_(bytes == 0 ? 1 : bytes) {
    void *at = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        throw std::bad_alloc();
    }
    data_ = static_cast<uint8_t *>(at);
}

LazyBytes::~LazyBytes() { munmap(data_, bytes_); }

static uint64_t words(uint64_t bytes, uint64_t per) { return (bytes + per - 1) / per; }

Allocation::Allocation(Address base_address, uint64_t size)
    : base(base_address), bytes(size), memory(size), written(words(size, 8) + 8),
      sector_reads(words(size, SECTOR_BYTES) * 4), sector_writes(words(size, SECTOR_BYTES) * 4),
      page_writes(words(size, PAGE_BYTES) * 4), writers(words(size, 2) * 8),
      stamps(words(size, 2) * 4) {}

static uint32_t bits_of(uint64_t width) {
    return width >= 32 ? 0xffffffffu : (1u << width) - 1;
}

bool Allocation::is_written(Address at, uint64_t width) const {
    uint64_t first = at - base;
    uint32_t bits;
    memcpy(&bits, written.data() + first / 8, 4);
    uint32_t wanted = bits_of(width) << (first % 8);
    return (bits & wanted) == wanted;
}

void Allocation::mark_written(Address at, uint64_t width) {
    uint64_t first = at - base;
    while (width > 0) {
        uint64_t within = first % 8;
        uint64_t count = 8 - within < width ? 8 - within : width;
        uint8_t bits = static_cast<uint8_t>(((1u << count) - 1) << within);
        auto *byte = reinterpret_cast<std::atomic<uint8_t> *>(written.data() + first / 8);
        if ((byte->load(std::memory_order_relaxed) & bits) != bits) {
            byte->fetch_or(bits, std::memory_order_relaxed);
        }
        first += count;
        width -= count;
    }
}

void Allocation::clear_written(Address at) {
    uint64_t first = at - base;
    auto *byte = reinterpret_cast<std::atomic<uint8_t> *>(written.data() + first / 8);
    byte->fetch_and(static_cast<uint8_t>(~(1u << first % 8)), std::memory_order_relaxed);
}

void Allocation::copy_written(Address to, const Allocation &source, Address from, uint64_t width) {
    constexpr uint64_t STEP = 16;
    for (uint64_t done = 0; done < width; done += STEP) {
        uint64_t count = width - done < STEP ? width - done : STEP;
        if (source.is_written(from + done, count)) {
            mark_written(to + done, count);
            continue;
        }
        for (uint64_t i = done; i < done + count; i++) {
            if (source.is_written(from + i, 1)) {
                mark_written(to + i, 1);
            } else {
                clear_written(to + i);
            }
        }
    }
}

Allocation *DeviceMemory::allocate(uint64_t bytes) {
    if (bytes == 0 || used_ + bytes > CAPACITY) {
        return nullptr;
    }
    std::unique_ptr<Allocation> allocation;
    try {
        allocation = std::make_unique<Allocation>(next_, bytes);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
    /* A red zone of at least one page; 256-byte alignment as cuMemAlloc gives. */
    next_ += (bytes + 2 * PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    live_++;
    used_ += bytes;
    Allocation *result = allocation.get();
    allocations_[result->base] = std::move(allocation);
    return result;
}

bool DeviceMemory::release(Address base) {
    auto found = allocations_.find(base);
    if (found == allocations_.end() || found->second->freed) {
        return false;
    }
    Allocation *allocation = found->second.get();
    allocation->freed = true;
    live_--;
    used_ -= allocation->bytes;
    madvise(allocation->memory.data(), allocation->bytes, MADV_DONTNEED);
    return true;
}

Allocation *DeviceMemory::find(Address at) {
    auto after = allocations_.upper_bound(at);
    if (after == allocations_.begin()) {
        return nullptr;
    }
    return std::prev(after)->second.get();
}

Allocation *DeviceMemory::range(Address at, uint64_t width) {
    Allocation *found = find(at);
    return found != nullptr && !found->freed && found->holds(at, width) ? found : nullptr;
}

} // namespace ptx
