package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.kvcache.KvCache;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Recorded decode steps. Everything that changes from token to token is in device memory, so one
 * graph runs every step with the same KV cache and the same numbers of rows, of selected logits, of
 * attention splits and of LoRA groups (0 without adapters), for any adapters. The number of splits
 * is rounded up to a power of two, and blocks of splits that do not exist yet end at once, so a
 * generation of 16k tokens needs seven recordings. The first step of a shape runs unrecorded, which
 * uploads whatever is not on the device yet; the second is recorded.
 */
final class StepGraphs {
    private final CudaQueue queue;
    private final List<Recording> recordings = new ArrayList<>();
    private @Nullable Recording capturing;

    /** Steps of one shape; their graph is 0 until it is recorded. */
    private static final class Recording {
        private final int rows;
        private final int selected;
        private final int splits;
        private final int loraGroups;
        private final KvCache kv;
        private long graph;

        Recording(CudaStepBatch batch, KvCache kv) {
            rows = batch.rows();
            selected = batch.selectedCount();
            splits = batch.plan().splits();
            loraGroups = batch.loraGroups();
            this.kv = kv;
        }

        boolean serves(CudaStepBatch batch, KvCache cache) {
            return rows == batch.rows()
                    && selected == batch.selectedCount()
                    && splits == batch.plan().splits()
                    && loraGroups == batch.loraGroups()
                    && kv.equals(cache);
        }
    }

    StepGraphs(CudaQueue queue) {
        this.queue = queue;
    }

    /** Replays the step if it is recorded; else begins to record it if its shape is known. */
    boolean replay(CudaStepBatch batch, KvCache kv) {
        abandon();
        batch.synchronise();
        if (!batch.plan().decoding()) {
            return false;
        }
        Recording recording = find(batch, kv);
        if (recording == null) {
            recordings.add(new Recording(batch, kv));
            return false;
        }
        if (recording.graph == 0) {
            capturing = recording;
            queue.beginCapture();
            return false;
        }
        queue.launchGraph(recording.graph);
        return true;
    }

    /** Ends a recording that was left open by an exception between the ops of a step. */
    private void abandon() {
        if (capturing != null) {
            capturing = null;
            queue.driver().destroyGraph(queue.endCapture());
        }
    }

    private @Nullable Recording find(CudaStepBatch batch, KvCache kv) {
        for (int i = 0; i < recordings.size(); i++) {
            if (recordings.get(i).serves(batch, kv)) {
                return recordings.get(i);
            }
        }
        return null;
    }

    /** Ends the recording, if there is one, and runs it. */
    void end() {
        Recording recording = capturing;
        if (recording != null) {
            capturing = null;
            recording.graph = queue.endCapture();
            queue.launchGraph(recording.graph);
        }
    }
}
