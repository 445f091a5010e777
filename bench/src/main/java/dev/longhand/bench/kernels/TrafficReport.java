package dev.longhand.bench.kernels;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bindings.ptx.PtxAvailability;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.List;

/**
 * Prints the memory traffic of a decode step of one layer of Qwen2.5-32B, counted by the PTX
 * device.
 */
@Command(
        name = "traffic",
        mixinStandardHelpOptions = true,
        description = {
            "Memory traffic of a decode step of one layer of Qwen2.5-32B, counted by the PTX",
            "device. Takes about 6 GB of memory and some minutes."
        })
public final class TrafficReport implements Runnable {
    private static final int[] SEQUENCES = {1, 8};
    private static final int[] CONTEXTS = {1024, 16_384};
    private static final int[] RANKS = {64, 256};

    @Option(
            names = "--weights",
            defaultValue = "bf16",
            description = "bf16, int8, int4 or fp8. Default: ${DEFAULT-VALUE}.")
    private String weights = "";

    @Override
    public void run() {
        DType dtype = ModelChoice.weights(weights);
        System.out.println(TrafficTable.HEADER);
        try (ComputeBackend backend = BackendChoice.open(new Device(PtxDevice.NAME), 0).backend();
                DecodeLayer layer = new DecodeLayer(backend, LayerShape.QWEN2_5_32B, dtype)) {
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

    /**
     * Counts the traffic of one decode step of a layer on the PTX device, which must be available.
     *
     * @param rank the rank of the adapter that every sequence applies to all linear layers; 0 for
     *     none
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

    /** The counters of a PTX device; throws if the device's checks have a finding. */
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
