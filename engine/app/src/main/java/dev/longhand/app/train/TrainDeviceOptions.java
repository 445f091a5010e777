package dev.longhand.app.train;

import dev.longhand.app.cli.ThreadOption;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.DeviceLayout;
import dev.longhand.training.model.TrainingPlan;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.OptionalLong;

/** Options of the device of a run and of what it keeps in its memory. */
final class TrainDeviceOptions {
    /** The driver's context, kernels and transfer buffers; an assumption, not measured. */
    private static final long RESERVED_BYTES = 1L << 30;

    private static final double GIBIBYTE = 1 << 30;

    /** The treatment of activations. */
    enum Checkpointing {
        AUTO,
        NONE,
        LAYER
    }

    @Option(
            names = "--checkpointing",
            paramLabel = "HOW",
            defaultValue = "auto",
            description =
                    "none keeps all activations; layer recomputes each layer; auto: none where it"
                            + " takes less than half of the memory. Changes no bit of the result.")
    private Checkpointing checkpointing = Checkpointing.AUTO;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description =
                    "cpu, cuda, cuda:N for the GPU of that number, or an emulator on the class"
                            + " path, as ptx. On cuda products round their operands to bf16.")
    private Device device = Device.CPU;

    @Option(
            names = "--layout",
            paramLabel = "LAYOUT",
            description =
                    "On cuda: resident keeps all on the GPU; inputs_on_host keeps the layers'"
                        + " inputs in host memory; moments_on_host the moments as well; streamed"
                        + " the frozen layers as well (default: the first that fits). Changes no"
                        + " bit of the result.")
    private @Nullable DeviceLayout layout;

    @Option(
            names = "--card",
            paramLabel = "GIB",
            description = "With --plan: plans for a GPU of so many GiB, which need not be there.")
    private @Nullable Double card;

    @Mixin private ThreadOption threads = new ThreadOption();

    Device device() {
        return card == null ? device : Device.CUDA;
    }

    int threads() {
        return threads.count();
    }

    /**
     * Checks that no other device than that of the run is planned for.
     *
     * @throws InputException if one is
     */
    void requireNoCard() {
        if (card != null) {
            throw new InputException("--card needs --plan: a run takes the GPU that is there");
        }
    }

    /** Returns the bytes of a GPU that a run can use; empty if it computes in host memory. */
    OptionalLong usableBytes() {
        if (card != null && !(card > 0)) {
            throw new InputException("--card is the memory of a GPU in GiB, above 0, not " + card);
        }
        OptionalLong all =
                card == null
                        ? BackendChoice.deviceBytes(device)
                        : OptionalLong.of((long) (card * GIBIBYTE));
        return all.isPresent()
                ? OptionalLong.of(Math.max(0, all.getAsLong() - RESERVED_BYTES))
                : all;
    }

    /**
     * Chooses recomputation and the layout.
     *
     * @param kept the other options, without recomputation, all on the device
     * @param tokensMax tokens of the longest demonstration
     */
    DecoderOptions choose(Path folder, DecoderOptions kept, int tokensMax) {
        OptionalLong gpu = usableBytes();
        boolean recompute =
                switch (checkpointing) {
                    case NONE -> false;
                    case LAYER -> true;
                    case AUTO -> {
                        TrainingPlan plan = TrainingPlan.of(folder, kept, tokensMax);
                        yield gpu.isPresent()
                                ? plan.deviceBytes(DeviceLayout.RESIDENT) > gpu.getAsLong()
                                : plan.bytes() > HostMemory.availableBytes() / 2;
                    }
                };
        DecoderOptions options = kept.withRecompute(recompute);
        if (layout != null) {
            if (!layout.allows(options.method())) {
                throw new InputException("--layout streamed: it streams frozen layers, none here");
            }
            return options.withLayout(layout);
        }
        if (gpu.isEmpty()) {
            return options;
        }
        return TrainingPlan.of(folder, options, tokensMax)
                .layoutFor(gpu.getAsLong(), options.method())
                .map(options::withLayout)
                .orElse(options);
    }
}
