package dev.longhand.bench.kernels;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.List;

/**
 * What the PTX device counted of one kernel.
 *
 * @param kernel its name
 * @param launches how often it ran
 * @param loadRequests memory instructions of warps that read global memory
 * @param loadSectors sectors of 32 bytes that these requests touched, again in each request
 * @param loadBytes bytes that threads asked for
 * @param readSectors different sectors read in a launch, summed over launches
 * @param writtenSectors the same of what was written
 * @param wavefronts passes over shared memory
 * @param wavefrontsIdeal passes that the same requests take without bank conflicts
 */
record KernelTraffic(
        String kernel,
        long launches,
        long loadRequests,
        long loadSectors,
        long loadBytes,
        long readSectors,
        long writtenSectors,
        long wavefronts,
        long wavefrontsIdeal) {
    static final long SECTOR_BYTES = 32;

    /** Reads the device's counters. */
    static List<KernelTraffic> parse(String countersJson) {
        return new JsonMapper()
                .readTree(countersJson)
                .valueStream()
                .map(KernelTraffic::of)
                .toList();
    }

    private static KernelTraffic of(JsonNode counters) {
        return new KernelTraffic(
                counters.get("kernel").asString(),
                counters.get("launches").asLong(),
                counters.get("globalLoadRequests").asLong(),
                counters.get("globalLoadSectors").asLong(),
                counters.get("globalLoadBytes").asLong(),
                counters.get("uniqueReadSectors").asLong(),
                counters.get("uniqueWrittenSectors").asLong(),
                counters.get("sharedWavefronts").asLong(),
                counters.get("sharedWavefrontsIdeal").asLong());
    }

    /** Bytes that DRAM has to give. */
    long readBytes() {
        return SECTOR_BYTES * readSectors;
    }

    /** Bytes that DRAM has to take. */
    long writtenBytes() {
        return SECTOR_BYTES * writtenSectors;
    }

    /** Sectors that a request touches. */
    double sectorsPerRequest() {
        return (double) loadSectors / loadRequests;
    }

    /** Sectors that a request would touch if every byte of them were asked for, and once. */
    double sectorsPerRequestIdeal() {
        return (double) loadBytes / SECTOR_BYTES / loadRequests;
    }
}
