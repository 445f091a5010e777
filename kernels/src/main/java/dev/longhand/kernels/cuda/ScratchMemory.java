package dev.longhand.kernels.cuda;

/**
 * Device memory that one op uses and the next one on the stream may overwrite; it grows to the
 * largest request.
 */
final class ScratchMemory {
    private final DeviceMemory memory;
    private long address;
    private long capacity;

    ScratchMemory(DeviceMemory memory) {
        this.memory = memory;
    }

    /** Returns the address of so many bytes. */
    long bytes(long bytes) {
        if (bytes > capacity) {
            if (address != 0) {
                memory.free(address); // waits for the work that uses it
            }
            capacity = 0;
            address = memory.allocate(bytes);
            capacity = bytes;
        }
        return address;
    }
}
