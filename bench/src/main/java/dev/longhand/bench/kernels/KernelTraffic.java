package dev.longhand.bench.kernels;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.List;

/**
 * The PTX device's counters of one kernel.
 *
 * @param kernel the name of the kernel
 * @param launches the number of launches
 * @param loadRequests warp-level loads from global memory
 * @param loadSectors 32-byte sectors touched, counted once per request
 * @param loadBytes bytes that threads asked for
 * @param readSectors distinct sectors read in a launch, summed over launches
 * @param writtenSectors distinct sectors written in a launch, summed over launches
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

    /** Parses the device's counters. */
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

    /** Bytes read from DRAM if every launch finds the caches empty. */
    long readBytes() {
        return SECTOR_BYTES * readSectors;
    }

    /** Bytes written to DRAM under the same assumption. */
    long writtenBytes() {
        return SECTOR_BYTES * writtenSectors;
    }

    /** The mean number of sectors per request. */
    double sectorsPerRequest() {
        return (double) loadSectors / loadRequests;
    }

    /** The mean number of sectors per request if the requested bytes were dense and distinct. */
    double sectorsPerRequestIdeal() {
        return (double) loadBytes / SECTOR_BYTES / loadRequests;
    }
}
