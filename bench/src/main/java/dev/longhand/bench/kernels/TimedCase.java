package dev.longhand.bench.kernels;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cases.OpCase;
import dev.longhand.kernels.cases.OpCases;

import java.util.ArrayList;
import java.util.List;

/**
 * One case of the case table, timed on data that is not in a cache: runs rotate over copies that
 * together are three times an L2 cache of 50 MB, the size of an H100's. The smallest cases would
 * need thousands of copies; they stay in a cache, as their operands do in a model.
 */
final class TimedCase implements AutoCloseable {
    private static final long ROTATED_BYTES = 150_000_000;
    private static final long COPIES_MAX = 32;

    private final List<OpCase.Prepared> copies = new ArrayList<>();
    private int next;

    /** Places the copies on a backend, which the caller closes. */
    TimedCase(OpCase opCase, ComputeBackend backend) {
        long count = Math.clamp(ROTATED_BYTES / opCase.bytes() + 1, 1, COPIES_MAX);
        for (int i = 0; i < count; i++) {
            copies.add(opCase.prepare(backend));
        }
    }

    /**
     * Finds the only case whose name contains a text.
     *
     * @throws InputException if no case matches, or several do
     */
    static OpCase named(String part) {
        List<OpCase> found =
                OpCases.all().stream().filter(opCase -> opCase.name().contains(part)).toList();
        if (found.size() != 1) {
            throw new InputException(
                    "'%s' is part of the names of %d cases, not one%s"
                            .formatted(
                                    part,
                                    found.size(),
                                    found.isEmpty()
                                            ? ""
                                            : ", for example " + found.getFirst().name()));
        }
        return found.getFirst();
    }

    /** Queues the op on the next copy; a CPU runs it at once. */
    void run() {
        copies.get(next).run();
        next = (next + 1) % copies.size();
    }

    /** Waits for the queued runs, by reading a result. */
    float[] finish() {
        return copies.get(next).result();
    }

    @Override
    public void close() {
        copies.forEach(OpCase.Prepared::close);
    }
}
