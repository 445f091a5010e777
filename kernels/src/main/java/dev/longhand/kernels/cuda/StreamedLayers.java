package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Device memory for the frozen weights of two layers. While the kernels of one layer run, the
 * weights of the next are copied into the memory of the one before, on a stream of their own. A
 * copy waits for the last kernel that reads what it overwrites, and kernels queued afterwards wait
 * for the copy.
 */
final class StreamedLayers {
    private static final long ALIGNMENT = 256;

    private final CudaQueue compute;
    private final CudaQueue copies;
    private final DeviceMemory memory;
    private final List<Slot> slots;
    private int current;

    /** The memory of one layer. */
    private static final class Slot {
        final Map<HostTensor, Long> addresses = new HashMap<>();

        /** Recorded after the kernels that read the layer. */
        final long used;

        /** Recorded after the copies. */
        final long filled;

        final ScratchMemory memory;

        Slot(CudaQueue queue, DeviceMemory memory) {
            used = queue.driver().createEvent();
            filled = queue.driver().createEvent();
            this.memory = new ScratchMemory(memory);
        }
    }

    /**
     * Creates empty memory.
     *
     * @param compute the stream of the kernels
     */
    StreamedLayers(CudaQueue compute) {
        this.compute = compute;
        copies = CudaQueue.create(compute.driver());
        memory = new DeviceMemory(copies);
        slots = List.of(new Slot(compute, memory), new Slot(compute, memory));
    }

    /** Returns the address of a tensor of the two layers, or null. */
    @Nullable Long address(HostTensor weights) {
        Long address = slots.get(current).addresses.get(weights);
        return address != null ? address : slots.get(1 - current).addresses.get(weights);
    }

    /** Brings a layer, unless it is there; the kernels of the layer before are queued. */
    void stage(List<HostTensor> weights) {
        if (slots.get(current).addresses.keySet().containsAll(weights)) {
            return;
        }
        compute.record(slots.get(current).used);
        current = 1 - current;
        Slot slot = slots.get(current);
        if (slot.addresses.keySet().containsAll(weights)) {
            return;
        }
        copies.driver().await(copies.stream(), slot.used);
        fill(slot, weights);
        copies.record(slot.filled);
        compute.driver().await(compute.stream(), slot.filled);
    }

    private void fill(Slot slot, List<HostTensor> weights) {
        long bytes = 0;
        for (HostTensor tensor : weights) {
            bytes += padded(tensor);
        }
        long at = slot.memory.bytes(bytes);
        slot.addresses.clear();
        for (HostTensor tensor : weights) {
            memory.upload(at, tensor.data());
            slot.addresses.put(tensor, at);
            at += padded(tensor);
        }
    }

    private static long padded(HostTensor tensor) {
        return Math.ceilDiv(tensor.bytes(), ALIGNMENT) * ALIGNMENT;
    }
}
