#include "grid_order.h"

#include <algorithm>

namespace ptx {

static void join(std::vector<uint32_t> &into, const std::vector<uint32_t> &other) {
    for (size_t i = 0; i < other.size(); i++) {
        into[i] = std::max(into[i], other[i]);
    }
}

GridOrder::GridOrder(uint32_t blocks) {
    Clock nothing(blocks, 0);
    blocks_.assign(blocks, {nothing, nothing, nothing, false});
    for (uint32_t i = 0; i < blocks; i++) {
        blocks_[i].now[i] = 1;
    }
}

/* A time without a write is reused, so that spinning on a fence does not advance the clock. */
void GridOrder::tick(uint32_t block) {
    Knowledge &self = blocks_[block];
    self.now[block] += self.stamped;
    self.stamped = false;
}

void GridOrder::fence(uint32_t block) {
    Knowledge &self = blocks_[block];
    join(self.now, self.learned);
    self.fenced = self.now;
    tick(block);
}

void GridOrder::read(uint32_t block, Address at, bool acquires) {
    auto place = places_.find(at);
    if (place != places_.end()) {
        Knowledge &self = blocks_[block];
        join(acquires ? self.now : self.learned, place->second);
    }
}

void GridOrder::written(uint32_t block, Address at, bool releases, bool atomic) {
    Knowledge &self = blocks_[block];
    const Clock &told = releases ? self.now : self.fenced;
    Clock &place = places_[at];
    if (atomic && !place.empty()) {
        join(place, told);
    } else {
        place = told;
    }
    if (releases) {
        tick(block);
    }
}

uint32_t GridOrder::stamp(uint32_t block) {
    Knowledge &self = blocks_[block];
    self.stamped = true;
    return self.now[block] << 8 | (block + 1);
}

bool GridOrder::knows(uint32_t block, uint32_t stamp) const {
    return blocks_[block].now[block_of(stamp)] >= stamp >> 8;
}

} // namespace ptx
