package dev.longhand.app.train;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.DeviceLayout;
import dev.longhand.training.model.TrainingPlan;

import java.util.Locale;

/** The memory plan of a run on a GPU: every layout, and whether it fits. */
final class DeviceMemoryView {
    private static final int MEBIBYTE = 1 << 20;

    private DeviceMemoryView() {}

    /** Returns the lines on a GPU with so many usable bytes. */
    static String table(TrainingPlan plan, DecoderOptions options, long usable) {
        StringBuilder lines = new StringBuilder();
        for (DeviceLayout layout : DeviceLayout.values()) {
            if (layout.allows(options.method())) {
                lines.append(line(plan, layout, usable, layout == options.layout()));
            }
        }
        return lines.toString();
    }

    private static String line(
            TrainingPlan plan, DeviceLayout layout, long usable, boolean chosen) {
        long bytes = plan.deviceBytes(layout);
        boolean fits = bytes <= usable;
        String verdict = fits ? "fits" : "%,d MiB too many".formatted(mebibytes(bytes - usable));
        return String.format(
                Locale.ROOT,
                "%-17s %,10d MiB of %,d MiB of the GPU: %s; %,d MiB of the host%s%n",
                name(layout),
                mebibytes(bytes),
                mebibytes(usable),
                verdict,
                mebibytes(plan.hostBytes(layout)),
                chosen && fits ? "; chosen" : "");
    }

    private static String name(DeviceLayout layout) {
        return layout.name().toLowerCase(Locale.ROOT);
    }

    private static long mebibytes(long bytes) {
        return Math.ceilDiv(bytes, MEBIBYTE);
    }

    /**
     * Checks that a run fits into the memory of a GPU and of its host.
     *
     * @throws InputException if it does not; the message has the numbers and a remedy
     */
    static void require(TrainingPlan plan, DecoderOptions options, String longest, long usable) {
        long bytes = plan.deviceBytes(options.layout());
        if (bytes > usable) {
            throw new InputException(
                    String.format(
                            Locale.ROOT,
                            "the run takes %,d MiB of the GPU with the layout %s; %,d MiB can be"
                                    + " used, and the longest demonstration is %s%nUse a smaller"
                                    + " --max-length or --rank, --weights int8 or int4, or leave"
                                    + " out --layout and --checkpointing",
                            mebibytes(bytes),
                            name(options.layout()),
                            usable / MEBIBYTE,
                            longest));
        }
        long host = plan.hostBytes(options.layout());
        long available = HostMemory.availableBytes();
        if (host > available) {
            throw new InputException(
                    String.format(
                            Locale.ROOT,
                            "the run takes %,d MiB of host memory with the layout %s; %,d MiB are"
                                    + " available%nUse a smaller --max-length or --rank",
                            mebibytes(host),
                            name(options.layout()),
                            available / MEBIBYTE));
        }
    }
}
