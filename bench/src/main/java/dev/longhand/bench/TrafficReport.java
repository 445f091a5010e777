package dev.longhand.bench;

import dev.longhand.bindings.ptx.PtxAvailability;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Prints the memory traffic of a decode step of one layer of Qwen2.5-32B as the PTX device counts
 * it, with weights in bf16 or quantised as {@code --weights} says. Takes some 6 GB of memory and
 * minutes:
 *
 * <pre>java -cp bench/target/benchmarks.jar dev.longhand.bench.TrafficReport [--weights int8]</pre>
 */
public final class TrafficReport {
    private static final int[] SEQUENCES = {1, 8};
    private static final int[] CONTEXTS = {1024, 16_384};
    private static final int[] RANKS = {64, 256};

    private static final List<DType> KEPT =
            Stream.concat(Stream.of(DType.BF16), DType.quantizableTypes().stream()).toList();

    private TrafficReport() {}

    /** Runs the report. */
    public static void main(String[] arguments) {
        DType weights = weights(List.of(arguments));
        System.out.println(TrafficTable.HEADER);
        try (ComputeBackend backend = BackendChoice.open(new Device(PtxDevice.NAME), 0).backend();
                DecodeLayer layer = new DecodeLayer(backend, LayerShape.QWEN2_5_32B, weights)) {
            for (int sequences : SEQUENCES) {
                for (int context : CONTEXTS) {
                    System.out.println(measure(layer, sequences, context, 0).text());
                }
            }
            for (int rank : RANKS) {
                System.out.println(measure(layer, 1, CONTEXTS[0], rank).text());
            }
        }
    }

    private static DType weights(List<String> arguments) {
        if (arguments.isEmpty()) {
            return DType.BF16;
        }
        Optional<DType> kept =
                arguments.size() == 2 && arguments.getFirst().equals("--weights")
                        ? KEPT.stream()
                                .filter(d -> d.label().equalsIgnoreCase(arguments.getLast()))
                                .findFirst()
                        : Optional.empty();
        return kept.orElseThrow(
                () ->
                        new IllegalArgumentException(
                                "arguments: [--weights %s], given %s"
                                        .formatted(
                                                KEPT.stream()
                                                        .map(DType::label)
                                                        .collect(Collectors.joining("|")),
                                                arguments)));
    }

    /**
     * One decode step of a layer on the PTX device, which must be there.
     *
     * @param rank of an adapter of all linear layers that every sequence has; 0 is none
     */
    static TrafficTable measure(DecodeLayer layer, int sequences, int context, int rank) {
        TrafficTable.Collector collector = new TrafficTable.Collector(new PtxCounters(device()));
        layer.decode(sequences, context, rank, collector);
        return collector.table(
                "batch %d, context %,d%s"
                        .formatted(
                                sequences,
                                context,
                                rank == 0 ? "" : ", one adapter of rank " + rank));
    }

    private static PtxDevice device() {
        if (PtxDevice.availability() instanceof PtxAvailability.Present(PtxDevice device)) {
            return device;
        }
        throw new IllegalStateException("the PTX device is gone");
    }

    /** Refuses to count what the device finds fault with. */
    private record PtxCounters(PtxDevice device) implements TrafficTable.Collector.Source {
        @Override
        public void clear() {
            requireNoFindings();
            device.clear();
        }

        @Override
        public List<KernelTraffic> counted() {
            requireNoFindings();
            return KernelTraffic.parse(device.countersJson());
        }

        private void requireNoFindings() {
            if (!device.findings().isEmpty()) {
                throw new IllegalStateException(String.join("\n", device.findings()));
            }
        }
    }
}
