package dev.longhand.study.perturb;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.segment.Step;

import org.jspecify.annotations.Nullable;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The steps that samples give to others. Their texts are in a temporary file, so that the memory
 * holds only their places. One thread uses an instance.
 */
final class DonorSteps implements Closeable {
    private final FileChannel file;
    private final List<String> ids = new ArrayList<>();
    private final Map<String, List<Integer>> samplesOf = new HashMap<>();
    private final List<long[]> places = new ArrayList<>(); // of each sample: starts, and the end
    private long end;

    /**
     * A step that a sample gives.
     *
     * @param id the sample
     * @param step the step's text
     */
    record Donation(String id, String step) {}

    private DonorSteps(FileChannel file) {
        this.file = file;
    }

    /**
     * Creates an empty collection.
     *
     * @param beside a file beside which the temporary one is; null for the system's folder
     */
    static DonorSteps create(@Nullable Path beside) {
        try {
            Path file =
                    beside == null
                            ? Files.createTempFile("steps", ".tmp")
                            : beside.resolveSibling(beside.getFileName() + ".steps");
            return new DonorSteps(
                    FileChannel.open(
                            file,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE));
        } catch (IOException e) {
            throw new InputException("the steps of other samples cannot be written: " + e, e);
        }
    }

    /** Adds the steps of a sample; one without steps is no donor. */
    void add(String id, List<Step> steps) {
        if (steps.isEmpty()) {
            return;
        }
        long[] starts = new long[steps.size() + 1];
        try {
            for (int i = 0; i < steps.size(); i++) {
                starts[i] = end;
                ByteBuffer bytes = StandardCharsets.UTF_16BE.encode(steps.get(i).text());
                while (bytes.hasRemaining()) {
                    end += file.write(bytes, end);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the steps of other samples cannot be written", e);
        }
        starts[steps.size()] = end;
        samplesOf.computeIfAbsent(id, key -> new ArrayList<>()).add(ids.size());
        ids.add(id);
        places.add(starts);
    }

    /**
     * Draws a step: first a sample with another id, then one of its steps.
     *
     * @throws InputException if there is no such sample
     */
    Donation draw(String id, SeededStream random) {
        List<Integer> own = samplesOf.getOrDefault(id, List.of());
        int others = ids.size() - own.size();
        if (others == 0) {
            throw new InputException(
                    "sample %s: no other sample with a right answer has steps to insert"
                            .formatted(id));
        }
        int sample = random.below(others);
        for (int each : own) {
            sample += each <= sample ? 1 : 0;
        }
        long[] starts = places.get(sample);
        int step = random.below(starts.length - 1);
        return new Donation(ids.get(sample), read(starts[step], starts[step + 1]));
    }

    private String read(long from, long to) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(to - from));
        try {
            while (bytes.hasRemaining()) {
                if (file.read(bytes, from + bytes.position()) < 0) {
                    throw new IOException("the file has been cut");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the steps of other samples cannot be read", e);
        }
        return StandardCharsets.UTF_16BE.decode(bytes.flip()).toString();
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the steps of other samples cannot be closed", e);
        }
    }
}
