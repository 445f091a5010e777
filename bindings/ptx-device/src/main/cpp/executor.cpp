#include "executor.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

namespace ptx {

Executor::Executor() {
    unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < cores; i++) {
        workers_.push_back(std::make_unique<Block>());
    }
}

/* Seed 0 takes blocks first to last and 1 last to first, so that of two blocks each goes first once. */
static std::vector<uint32_t> order_of(const Launch &launch) {
    std::vector<uint32_t> order(launch.grid.count());
    std::iota(order.begin(), order.end(), 0);
    if (launch.seed == 1) {
        std::reverse(order.begin(), order.end());
    } else if (launch.seed > 1) {
        std::mt19937_64 random(launch.seed ^ launch.number);
        std::shuffle(order.begin(), order.end(), random);
    }
    return order;
}

/* Runs a block to its end. */
static void run_alone(Block &block, uint32_t linear) {
    block.begin(linear);
    uint64_t seen = block.changes, idle = 0;
    while (block.advance()) {
        idle = block.changes == seen ? idle + 1 : 0;
        seen = block.changes;
        block.check_progress(idle, block.warps.size());
    }
}

void Executor::run_apart(const Launch &launch, std::atomic<int> &status, Counters &total) {
    std::vector<uint32_t> order = order_of(launch);
    std::atomic<size_t> next{0};
    auto work = [&](Block &block) {
        block.launch = &launch;
        block.counters = Counters();
        try {
            for (size_t i = next++; i < order.size() && status == 0; i = next++) {
                run_alone(block, order[i]);
            }
        } catch (const LaunchFault &fault) {
            status = fault.status;
        }
    };
    size_t count = std::min<size_t>(workers_.size(), order.size());
    std::vector<std::thread> threads;
    for (size_t i = 1; i < count; i++) {
        threads.emplace_back(work, std::ref(*workers_[i]));
    }
    work(*workers_[0]);
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (size_t i = 0; i < count; i++) {
        total.add(workers_[i]->counters);
    }
}

/* All blocks live at once, one warp of one block at a time: in turn, or with a seed above 1 at random. */
void Executor::run_together(const Launch &launch, std::atomic<int> &status, Counters &total) {
    std::vector<uint32_t> order = order_of(launch);
    std::vector<std::unique_ptr<Block>> blocks;
    std::vector<Block *> living;
    for (uint32_t linear : order) {
        blocks.push_back(std::make_unique<Block>());
        blocks.back()->launch = &launch;
        blocks.back()->begin(linear);
        living.push_back(blocks.back().get());
    }
    uint64_t warps = blocks.size() * blocks[0]->warps.size();
    std::mt19937_64 random(launch.seed ^ launch.number);
    uint64_t idle = 0;
    try {
        for (size_t turn = 0; !living.empty(); turn++) {
            size_t at = (launch.seed > 1 ? random() : turn) % living.size();
            Block &block = *living[at];
            uint64_t seen = block.changes;
            if (!block.advance()) {
                living.erase(living.begin() + static_cast<long>(at));
                continue;
            }
            idle = block.changes == seen ? idle + 1 : 0;
            block.check_progress(idle, warps);
        }
    } catch (const LaunchFault &fault) {
        status = fault.status;
    }
    for (const auto &block : blocks) {
        total.add(block->counters);
    }
}

int Executor::run(const Launch &launch) {
    std::atomic<int> status{0};
    Counters total;
    total.launches = 1;
    if (launch.order != nullptr) {
        run_together(launch, status, total);
    } else {
        run_apart(launch, status, total);
    }
    launch.report->count(launch.kernel->name, total);
    return status;
}

} // namespace ptx
