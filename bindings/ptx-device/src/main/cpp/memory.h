/*
 * Device memory. Device addresses are numbers far from any host address, so that using one in place of
 * the other is found. Addresses are never reused: freed memory stays known as freed. Every allocation has
 * shadows, committed by the system page by page as they are touched: which bytes were written, which
 * sectors a launch touched, and which block and warp wrote which word.
 */
#ifndef PTX_MEMORY_H
#define PTX_MEMORY_H

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>

namespace ptx {

using Address = uint64_t;

constexpr Address DEVICE_BASE = 0x0a0000000000;
constexpr Address SHARED_WINDOW = 0x0b0000000000; /* generic addresses of shared memory */
constexpr Address LOCAL_WINDOW = 0x0c0000000000;  /* and of local memory */
constexpr uint64_t WINDOW_BYTES = 1ull << 32;
constexpr int SECTOR_BYTES = 32;
constexpr int PAGE_BYTES = 4096;

/* Zeroed memory that costs nothing until it is touched. */
class LazyBytes {
public:
    explicit LazyBytes(uint64_t bytes);
    ~LazyBytes();
    LazyBytes(const LazyBytes &) = delete;
    LazyBytes &operator=(const LazyBytes &) = delete;
    uint8_t *data() const { return data_; }

private:
    uint8_t *data_;
    uint64_t bytes_;
};

struct Allocation {
    Allocation(Address base, uint64_t bytes);

    Address base;
    uint64_t bytes;
    bool freed = false;
    LazyBytes memory;
    LazyBytes written;       /* one bit per byte */
    LazyBytes sector_reads;  /* uint32 per sector: the last launch that read it */
    LazyBytes sector_writes;
    LazyBytes page_writes;   /* uint32 per page: the last launch that wrote to it */
    LazyBytes writers;       /* uint64 per 2 bytes: launch << 32 | block + 1 */
    LazyBytes stamps;        /* uint32 per 2 bytes: when and by which warp that block wrote them */

    bool holds(Address at, uint64_t width) const {
        return at >= base && width <= bytes && at - base <= bytes - width;
    }
    uint8_t *host(Address at) const { return memory.data() + (at - base); }
    bool is_written(Address at, uint64_t width) const;
    void mark_written(Address at, uint64_t width);
    /* Copies which bytes of a range of `source` were written. */
    void copy_written(Address to, const Allocation &source, Address from, uint64_t width);

private:
    void clear_written(Address at);
};

class DeviceMemory {
public:
    /* Null if the device's memory does not suffice. */
    Allocation *allocate(uint64_t bytes);
    /* False when `base` is no live allocation. */
    bool release(Address base);
    /* The allocation at or before an address, freed ones too; null if there is none. */
    Allocation *find(Address at);
    /* The live allocation that holds all of a range, or null. */
    Allocation *range(Address at, uint64_t width);
    uint64_t live() const { return live_; }
    uint64_t used() const { return used_; }
    static constexpr uint64_t CAPACITY = 64ull << 30;

private:
    std::map<Address, std::unique_ptr<Allocation>> allocations_;
    Address next_ = DEVICE_BASE;
    uint64_t live_ = 0;
    uint64_t used_ = 0;
};

} // namespace ptx

#endif
