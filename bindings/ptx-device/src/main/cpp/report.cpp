#include "report.h"

namespace ptx {

/* Every counter with its name, for sums and for JSON. */
template <class Visit> static void each(Counters &c, Visit visit) {
    visit("launches", c.launches);
    visit("blocks", c.blocks);
    visit("arithmeticInstructions", c.warp_instructions[ARITHMETIC]);
    visit("memoryInstructions", c.warp_instructions[MEMORY]);
    visit("controlInstructions", c.warp_instructions[CONTROL]);
    visit("matrixInstructions", c.warp_instructions[MATRIX]);
    visit("threadInstructions", c.thread_instructions);
    visit("divergentBranches", c.divergent_branches);
    visit("globalLoadRequests", c.global_load_requests);
    visit("globalLoadSectors", c.global_load_sectors);
    visit("globalLoadBytes", c.global_load_bytes);
    visit("globalStoreRequests", c.global_store_requests);
    visit("globalStoreSectors", c.global_store_sectors);
    visit("globalStoreBytes", c.global_store_bytes);
    visit("uniqueReadSectors", c.unique_read_sectors);
    visit("uniqueWrittenSectors", c.unique_written_sectors);
    visit("sharedRequests", c.shared_requests);
    visit("sharedWavefronts", c.shared_wavefronts);
    visit("sharedWavefrontsIdeal", c.shared_wavefronts_ideal);
    visit("barriers", c.barriers);
    visit("matrixOperations", c.matrix_operations);
    visit("atomics", c.atomics);
}

void Counters::add(const Counters &other) {
    std::vector<uint64_t> values;
    each(const_cast<Counters &>(other),
         [&](const char *, uint64_t &value) { values.push_back(value); });
    size_t at = 0;
    each(*this, [&](const char *, uint64_t &value) { value += values[at++]; });
}

void Report::find(const std::string &key, const std::string &text) {
    std::lock_guard<std::mutex> lock(mutex_);
    findings_.emplace(key, Finding{text, 0}).first->second.times++;
}

void Report::count(const std::string &kernel, const Counters &counters) {
    std::lock_guard<std::mutex> lock(mutex_);
    counters_[kernel].add(counters);
}

void Report::clear() {
    std::lock_guard<std::mutex> lock(mutex_);
    findings_.clear();
    counters_.clear();
    bytes_to_device = 0;
    bytes_to_host = 0;
}

std::string Report::findings() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::string text;
    for (const auto &entry : findings_) {
        text += entry.second.text;
        if (entry.second.times > 1) {
            text += " (" + std::to_string(entry.second.times) + " times)";
        }
        text += '\n';
    }
    return text;
}

std::string Report::counters() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::string text = "[";
    for (auto &entry : counters_) {
        text += text.size() > 1 ? ",\n" : "";
        text += "{\"kernel\":\"" + entry.first + "\"";
        each(entry.second, [&](const char *name, uint64_t &value) {
            text += ",\"" + std::string(name) + "\":" + std::to_string(value);
        });
        text += "}";
    }
    return text + "]";
}

} // namespace ptx
