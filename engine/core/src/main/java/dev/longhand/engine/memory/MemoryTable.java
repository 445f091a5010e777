package dev.longhand.engine.memory;

import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.Stream;

/**
 * A table of the devices on which a model of a given shape fits, computed from sizes alone. It
 * compares the memory of common devices with the sum of the weights in several dtypes, the bf16
 * keys and values of one sequence, and the buffers of a step.
 */
public final class MemoryTable {
    private static final List<Integer> CONTEXTS = List.of(1_024, 16_384, 32_768);

    /** Device memory that the driver and a context take, about the same on all devices. */
    private static final long RESERVED_BYTES = 512L << 20;

    /** GPUs with the total MiB that nvidia-smi reports, less the reserved bytes. */
    private static final List<Machine> GPUS =
            List.of(
                    new Machine("RTX 4090", (24_564L << 20) - RESERVED_BYTES),
                    new Machine("L40S", (46_068L << 20) - RESERVED_BYTES),
                    new Machine("A100/H100", (81_559L << 20) - RESERVED_BYTES),
                    new Machine("RTX PRO 6000", (97_887L << 20) - RESERVED_BYTES),
                    new Machine("H200", (143_771L << 20) - RESERVED_BYTES));

    private final ModelConfig config;
    private final long bufferBytes;
    private final long hereBytes;

    /**
     * Creates the table of a model.
     *
     * @param bufferBytes bytes of the buffers of a step and of the RoPE table
     * @param hereBytes bytes that this machine has free
     */
    public MemoryTable(ModelConfig config, long bufferBytes, long hereBytes) {
        this.config = config;
        this.bufferBytes = bufferBytes;
        this.hereBytes = hereBytes;
    }

    private record Machine(String name, long bytes) {
        String cell(long neededBytes) {
            String fits = neededBytes <= bytes ? "yes" : "-";
            return ("%" + Math.max(name.length(), 5) + "s").formatted(fits);
        }

        String head() {
            return ("%" + Math.max(name.length(), 5) + "s").formatted(name);
        }

        String size() {
            return String.format(
                    Locale.ROOT, "%" + Math.max(name.length(), 5) + ".1f", bytes / 0x1p30);
        }
    }

    /**
     * Returns the bytes of a model's weights with its linear layers in a dtype; null means bf16.
     */
    static long weightBytes(ModelConfig config, @Nullable DType dtype) {
        ModelLayout layout = config.layout();
        LinearModule embedding = layout.embedding();
        long bytes = DType.BF16.bytes(embedding.shape()) + Float.BYTES * layout.vectorElements();
        for (LinearModule module : layout.matrices().values()) {
            if (dtype != null) {
                bytes += dtype.bytes(module.shape());
            } else if (!module.equals(embedding)) {
                bytes += DType.BF16.bytes(module.shape());
            }
        }
        return bytes;
    }

    /**
     * Returns the bytes needed for one sequence of {@code context} tokens, including weights and
     * buffers.
     */
    long neededBytes(@Nullable DType dtype, int context) {
        KvShape kv = config.kvShape(KvShape.pagesFor(context), DType.BF16);
        return weightBytes(config, dtype) + kv.bytes() + bufferBytes;
    }

    /** Returns the table as text, one line per dtype and context. */
    public String text() {
        List<Machine> machines =
                Stream.concat(GPUS.stream(), Stream.of(new Machine("here", hereBytes))).toList();
        StringBuilder text = new StringBuilder();
        text.append(
                "memory of this shape in GiB, by arithmetic: one sequence, keys and values bf16\n");
        line(text, "weights", "context", "needs", machines.stream().map(Machine::head).toList());
        line(text, "", "", "of", machines.stream().map(Machine::size).toList());
        for (DType dtype : Arrays.asList(null, DType.INT8, DType.INT4)) {
            for (int context : CONTEXTS) {
                long needed = neededBytes(dtype, context);
                line(
                        text,
                        dtype == null ? "bf16" : dtype.label(),
                        String.format(Locale.ROOT, "%,d", context),
                        String.format(Locale.ROOT, "%.1f", needed / 0x1p30),
                        machines.stream().map(machine -> machine.cell(needed)).toList());
            }
        }
        return text.toString();
    }

    private static void line(
            StringBuilder text, String weights, String context, String needs, List<String> cells) {
        StringJoiner joined = new StringJoiner("  ");
        cells.forEach(joined::add);
        text.append("%-7s  %7s  %6s  %s%n".formatted(weights, context, needs, joined));
    }
}
