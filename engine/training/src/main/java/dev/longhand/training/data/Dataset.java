package dev.longhand.training.data;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The demonstrations of a run, in the order of files and lines.
 *
 * @param demonstrations those that are used, at least one
 * @param dropped sources of those that are left out because of their length
 * @param truncated sources of those whose end is cut off
 * @param sha256 hash of all token ids and of the marks on the learned ones
 */
public record Dataset(
        List<Demonstration> demonstrations,
        List<String> dropped,
        List<String> truncated,
        String sha256) {
    public Dataset {
        demonstrations = List.copyOf(demonstrations);
        dropped = List.copyOf(dropped);
        truncated = List.copyOf(truncated);
    }

    /**
     * Reads and encodes files on all processors.
     *
     * @param progress receives the number of tokens so far
     * @throws InputException if a row is malformed or has nothing to learn, or if no demonstration
     *     remains
     */
    public static Dataset read(List<Path> files, ExampleEncoder encoder, LongConsumer progress) {
        Collected collected = new Collected(encoder.rules(), progress);
        for (Path file : files) {
            try (RowReader reader = RowReader.open(file);
                    Stream<RowReader.Row> rows = rows(reader)) {
                rows.gather(
                                Gatherers.mapConcurrent(
                                        2 * Runtime.getRuntime().availableProcessors(),
                                        row -> encode(row, encoder)))
                        .forEachOrdered(collected::add);
            }
        }
        return collected.dataset(files);
    }

    private static Demonstration encode(RowReader.Row row, ExampleEncoder encoder) {
        return encoder.encode(row.source(), ExampleReader.read(row.source(), row.settings()));
    }

    private static Stream<RowReader.Row> rows(RowReader reader) {
        return StreamSupport.stream(
                new Spliterators.AbstractSpliterator<RowReader.Row>(
                        Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL) {
                    @Override
                    public boolean tryAdvance(Consumer<? super RowReader.Row> action) {
                        RowReader.Row row = reader.next();
                        if (row == null) {
                            return false;
                        }
                        action.accept(row);
                        return true;
                    }
                },
                false);
    }

    /** Returns the number of tokens. */
    public long tokens() {
        return demonstrations.stream().mapToLong(each -> each.ids().length).sum();
    }

    /** Returns the number of tokens that are learned. */
    public long labels() {
        return demonstrations.stream().mapToLong(Demonstration::labels).sum();
    }

    /** Returns the number of demonstrations that teach the end of an answer. */
    public long teachingEnd() {
        return demonstrations.stream().filter(Demonstration::teachesEnd).count();
    }

    /** Returns the length in tokens below or at which a share of the demonstrations lies. */
    public int length(double share) {
        int[] lengths = demonstrations.stream().mapToInt(each -> each.ids().length).toArray();
        Arrays.sort(lengths);
        return lengths[(int) Math.ceil(share * (lengths.length - 1))];
    }

    /** Applies the rules on length, and hashes, in the order of the rows. */
    private static final class Collected {
        private final DataRules rules;
        private final LongConsumer progress;
        private final List<Demonstration> demonstrations = new ArrayList<>();
        private final List<String> dropped = new ArrayList<>();
        private final List<String> truncated = new ArrayList<>();
        private final MessageDigest digest = Sha256.digest();
        private long tokens;

        Collected(DataRules rules, LongConsumer progress) {
            this.rules = rules;
            this.progress = progress;
        }

        void add(Demonstration demonstration) {
            int length = demonstration.ids().length;
            if (length <= rules.tokensMax()) {
                keep(demonstration);
                return;
            }
            switch (rules.overlength()) {
                case DROP -> dropped.add(demonstration.source());
                case RAISE ->
                        throw new InputException(
                                "%s: has %d tokens, the limit is %d"
                                        .formatted(
                                                demonstration.source(), length, rules.tokensMax()));
                case TRUNCATE -> {
                    Demonstration cut = cut(demonstration);
                    if (cut.labels() == 0) {
                        dropped.add(demonstration.source()); // its prompt alone is too long
                    } else {
                        truncated.add(demonstration.source());
                        keep(cut);
                    }
                }
            }
        }

        private Demonstration cut(Demonstration whole) {
            int end = rules.tokensMax();
            int[] learned =
                    Arrays.stream(whole.learned()).map(each -> Math.min(each, end)).toArray();
            int ranges = 0;
            while (ranges < learned.length && learned[ranges] < learned[ranges + 1]) {
                ranges += 2;
            }
            return new Demonstration(
                    whole.source(),
                    Arrays.copyOf(whole.ids(), end),
                    Arrays.copyOf(learned, ranges),
                    ranges > 2 && whole.teachesEnd()); // an earlier turn is whole
        }

        private void keep(Demonstration demonstration) {
            demonstrations.add(demonstration);
            hash(demonstration.ids());
            hash(demonstration.learned());
            tokens += demonstration.ids().length;
            progress.accept(tokens);
        }

        private void hash(int[] numbers) {
            ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (numbers.length + 1));
            bytes.putInt(numbers.length);
            bytes.asIntBuffer().put(numbers);
            digest.update(bytes.array());
        }

        Dataset dataset(List<Path> files) {
            if (demonstrations.isEmpty()) {
                throw new InputException(
                        "%s: no demonstration is left of %d; %d are longer than %d tokens"
                                .formatted(
                                        files.isEmpty() ? "data" : files.getFirst(),
                                        dropped.size(),
                                        dropped.size(),
                                        rules.tokensMax()));
            }
            return new Dataset(demonstrations, dropped, truncated, Sha256.hex(digest));
        }
    }
}
