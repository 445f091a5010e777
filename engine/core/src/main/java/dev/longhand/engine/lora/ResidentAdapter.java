package dev.longhand.engine.lora;

import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.lora.LoraAdapter;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.CountDownLatch;

/**
 * A reference-counted adapter in memory. Each sequence that uses it has a hold, and so has the
 * registry while a name refers to it. The last release frees the memory.
 */
public final class ResidentAdapter {
    private final AdapterRegistry registry;
    private final Adapter content;
    private final CountDownLatch gone = new CountDownLatch(1);
    private int holders = 1; // guarded by the registry's monitor
    private @Nullable LoraAdapter placed; // device thread only

    ResidentAdapter(AdapterRegistry registry, Adapter content) {
        this.registry = registry;
        this.content = content;
    }

    /** Returns the adapter's content. */
    public Adapter content() {
        return content;
    }

    /** Returns the adapter on the backend, placing it there on first use. Device thread only. */
    public LoraAdapter on(BackendMemory memory, DecoderWeights weights) {
        LoraAdapter there = placed;
        if (there == null) {
            there = memory.adapter(content.deltas(weights));
            placed = there;
        }
        return there;
    }

    /** Adds a hold. The caller must already have one. */
    public void holdAgain() {
        registry.holdAgain(this);
    }

    /** Releases one hold. Call exactly once per hold. */
    public void release() {
        registry.release(this);
    }

    void hold() {
        holders++;
    }

    /** Returns whether the registry's hold is the only one. */
    boolean idle() {
        return holders == 1;
    }

    /** Removes one hold and returns whether it was the last. */
    boolean letGo() {
        return --holders == 0;
    }

    /** Frees the memory. Device thread only. */
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
