package dev.longhand.engine.lora;

import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.lora.LoraAdapter;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.CountDownLatch;

/**
 * An adapter in memory and how many hold it: each sequence that uses it, and the registry while a
 * name leads to it. When the last lets go, its memory is given back.
 */
public final class ResidentAdapter {
    private final AdapterRegistry registry;
    private final Adapter content;
    private final CountDownLatch gone = new CountDownLatch(1);
    private int holders = 1; // guarded by the registry
    private @Nullable LoraAdapter placed; // of the device thread

    ResidentAdapter(AdapterRegistry registry, Adapter content) {
        this.registry = registry;
        this.content = content;
    }

    /** What it is. */
    public Adapter content() {
        return content;
    }

    /** The adapter on the backend, placed there at first use; on the device thread. */
    public LoraAdapter on(BackendMemory memory, DecoderWeights weights) {
        LoraAdapter there = placed;
        if (there == null) {
            there = memory.adapter(content.deltas(weights));
            placed = there;
        }
        return there;
    }

    /** Holds it once more; whoever calls this holds it already. */
    public void holdAgain() {
        registry.holdAgain(this);
    }

    /** Lets go; once for every holder. */
    public void release() {
        registry.release(this);
    }

    void hold() {
        holders++;
    }

    /** Whether none but the registry holds it. */
    boolean idle() {
        return holders == 1;
    }

    /** Whether that was the last holder. */
    boolean letGo() {
        return --holders == 0;
    }

    /** Gives the memory back; on the device thread. */
    void free() {
        try (content) {
            if (placed != null) {
                placed.close();
            }
        } finally {
            registry.gone(this);
            gone.countDown();
        }
    }

    void awaitGone() throws InterruptedException {
        gone.await();
    }
}
