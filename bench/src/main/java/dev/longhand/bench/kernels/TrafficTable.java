package dev.longhand.bench.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The traffic of one decode step of one layer: a table and its sums. */
record TrafficTable(String title, List<OpTraffic> ops) {
    /** The meaning of the columns, printed once above all tables. */
    static final String HEADER =
            """
            Memory traffic of a decode step of one layer, counted by the PTX device.
            read, written: distinct 32-byte sectors that a launch touches, times 32, summed over
              launches. This is the least DRAM traffic if caches keep everything within a launch
              and nothing between launches. The PTX device measures no times.
            floor: the matrices in their dtype, adapters in bf16; for attention 2 * kvHeads * headDim
              * 2 bytes of keys and values * positions * sequences. Activations count as read, but
              not in the floor.
            sectors/request: 32-byte sectors that a warp's load touches, activations and page
              tables included; ideal: requested bytes / 32. More is uncoalesced, less is shared.
            wavefronts: passes over shared memory / the same without bank conflicts.
            """;

    private static final double MEGABYTE = 1e6;

    TrafficTable {
        ops = List.copyOf(ops);
    }

    /** A meter that collects a device's counters. */
    static final class Collector implements DecodeLayer.Meter {
        /** The counters of a device. */
        interface Source {
            /** Sets all counters to zero. */
            void clear();

            /** The counters of each kernel since the last {@link #clear}. */
            List<KernelTraffic> counted();
        }

        private final Source source;
        private final List<OpTraffic> ops = new ArrayList<>();

        Collector(Source source) {
            this.source = source;
        }

        @Override
        public void run(String op, OpTraffic.Floor floor, Runnable launch, Runnable wait) {
            source.clear();
            launch.run();
            wait.run();
            ops.add(new OpTraffic(op, floor, source.counted()));
        }

        TrafficTable table(String title) {
            return new TrafficTable(title, ops);
        }
    }

    /** Bytes read by the linear layers, divided by the bytes of their weights and adapters. */
    double weightRatio() {
        List<OpTraffic> linear = ops.stream().filter(op -> op.floor().weights() > 0).toList();
        return ratio(linear, linear.stream().mapToLong(OpTraffic::allReadBytes).sum());
    }

    /**
     * Bytes read by the kernel that reads the keys and values, divided by the size of the keys and
     * values.
     */
    double kvRatio() {
        List<OpTraffic> readers = ops.stream().filter(op -> op.floor().kv() > 0).toList();
        return ratio(readers, readers.stream().mapToLong(OpTraffic::readBytes).sum());
    }

    private static double ratio(List<OpTraffic> ops, long read) {
        return (double) read / ops.stream().mapToLong(op -> op.floor().bytes()).sum();
    }

    /** All bytes read and written, divided by the floor. */
    double totalRatio() {
        return (double) movedBytes() / floorBytes();
    }

    /** Bytes read and written by all kernels. */
    long movedBytes() {
        return ops.stream().mapToLong(OpTraffic::movedBytes).sum();
    }

    /** Bytes of weights, adapters, keys and values. */
    long floorBytes() {
        return ops.stream().mapToLong(op -> op.floor().bytes()).sum();
    }

    /** The number of launches of all kernels. */
    long launches() {
        return ops.stream()
                .flatMap(op -> op.kernels().stream())
                .mapToLong(KernelTraffic::launches)
                .sum();
    }

    /** The table. */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append(title).append('\n');
        text.append(
                """
                op             kernel                     runs     read MB  written MB    floor MB \
                  ratio sect/r  ideal  wavefronts  /ideal
                """);
        for (OpTraffic op : ops) {
            for (KernelTraffic kernel : op.kernels()) {
                text.append(row(op, kernel));
            }
        }
        text.append(
                String.format(
                        Locale.ROOT,
                        "total: %d launches, %.3f MB moved, floor %.3f MB, ratio %.4f;"
                                + " weights %.4f, KV %.4f%n",
                        launches(),
                        movedBytes() / MEGABYTE,
                        floorBytes() / MEGABYTE,
                        totalRatio(),
                        weightRatio(),
                        kvRatio()));
        return text.toString();
    }

    private static String row(OpTraffic op, KernelTraffic kernel) {
        long floor = op.floor(kernel);
        return String.format(
                Locale.ROOT,
                "%-14s %-27s %4d %11.3f %11.3f %11.3f %7s %6.2f %6.2f  %10d %s%n",
                op.op(),
                kernel.kernel(),
                kernel.launches(),
                kernel.readBytes() / MEGABYTE,
                kernel.writtenBytes() / MEGABYTE,
                floor / MEGABYTE,
                floor == 0 ? "-" : decimal((double) kernel.readBytes() / floor),
                kernel.sectorsPerRequest(),
                kernel.sectorsPerRequestIdeal(),
                kernel.wavefronts(),
                kernel.wavefrontsIdeal() == 0
                        ? "-"
                        : decimal((double) kernel.wavefronts() / kernel.wavefrontsIdeal()));
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }
}
