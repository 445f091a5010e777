package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriverException;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.kvcache.KvCache;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Recorded decode steps. Everything that changes from token to token is in device memory, so one
 * graph runs every step with the same batch object and KV cache and the same numbers of rows, of
 * selected logits, of attention splits and of LoRA groups (0 without adapters), for any adapters.
 * The number of splits is rounded up to a power of two, and blocks of splits that do not exist yet
 * end at once, so a generation of 16k tokens needs seven recordings. The first step of a shape runs
 * unrecorded, which uploads whatever is not on the device yet; the second is recorded.
 *
 * <p>A graph takes device memory, so the least recently used shape is forgotten when there are more
 * than {@value #SHAPES_MAX}.
 */
final class StepGraphs {
    /** Shapes that are kept. */
    static final int SHAPES_MAX = 64;

    private final CudaQueue queue;
    private final boolean enabled;

    /** The shapes in the order of their last use, the latest at the end. */
    private final List<Recording> recordings = new ArrayList<>();

    private @Nullable Recording capturing;

    /** Steps of one shape; their graph is 0 until it is recorded. */
    private static final class Recording {
        private final CudaStepBatch batch;
        private final KvCache kv;
        private final int rows;
        private final int selected;
        private final int splits;
        private final int loraGroups;
        private long graph;

        Recording(CudaStepBatch batch, KvCache kv) {
            this.batch = batch;
            this.kv = kv;
            rows = batch.rows();
            selected = batch.selectedCount();
            splits = batch.plan().splits();
            loraGroups = batch.loraGroups();
        }

        boolean serves(CudaStepBatch step, KvCache cache) {
            return batch == step
                    && kv.equals(cache)
                    && rows == step.rows()
                    && selected == step.selectedCount()
                    && splits == step.plan().splits()
                    && loraGroups == step.loraGroups();
        }
    }

    /**
     * Creates the recordings of a queue, at first none.
     *
     * @param enabled whether steps are recorded at all
     */
    StepGraphs(CudaQueue queue, boolean enabled) {
        this.queue = queue;
        this.enabled = enabled;
    }

    /** Replays the step if it is recorded; else begins to record it if its shape is known. */
    boolean replay(CudaStepBatch batch, KvCache kv) {
        abandon();
        batch.synchronise();
        if (!enabled || !batch.plan().decoding()) {
            return false;
        }
        Recording recording = find(batch, kv);
        if (recording == null) {
            add(new Recording(batch, kv));
            return false;
        }
        if (recording.graph == 0) {
            queue.beginCapture();
            capturing = recording;
            return false;
        }
        queue.launchGraph(recording.graph);
        return true;
    }

    /** Finds the recording of a step and makes it the latest used. */
    private @Nullable Recording find(CudaStepBatch batch, KvCache kv) {
        for (int i = recordings.size() - 1; i >= 0; i--) {
            Recording recording = recordings.get(i);
            if (recording.serves(batch, kv)) {
                if (i < recordings.size() - 1) {
                    recordings.remove(i);
                    recordings.add(recording);
                }
                return recording;
            }
        }
        return null;
    }

    private void add(Recording recording) {
        if (recordings.size() == SHAPES_MAX) {
            Recording oldest = recordings.removeFirst();
            if (oldest.graph != 0) {
                queue.synchronize(); // it may still run
                queue.driver().destroyGraph(oldest.graph);
            }
        }
        recordings.add(recording);
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

    /**
     * Ends a recording that an exception left open: what is queued from now on runs. The shape
     * stays unrecorded.
     */
    void abandon() {
        if (capturing != null) {
            capturing = null;
            try {
                queue.driver().destroyGraph(queue.endCapture());
            } catch (CudaDriverException e) {
                // The failure that invalidated the recording is the one to report.
                System.getLogger(StepGraphs.class.getName())
                        .log(System.Logger.Level.DEBUG, "an abandoned recording", e);
            }
        }
    }
}
