package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDevice;

import java.util.Arrays;
import java.util.function.Function;

/**
 * The ways of queueing kernels beyond plain launches. Some drivers and layers below them (WSL2,
 * virtual GPUs, sanitizers) get these wrong, so a system property switches each one off, and each
 * one is tried when a device is opened.
 *
 * @param overlapped whether a kernel may start before the preceding one ends
 * @param recorded whether decode steps are recorded as graphs
 */
record LaunchModes(boolean overlapped, boolean recorded) {
    /** {@code -Dlonghand.cuda.overlap=false}: no launch overlaps another. */
    static final String OVERLAP_PROPERTY = "longhand.cuda.overlap";

    /** {@code -Dlonghand.cuda.graphs=false}: no step is recorded. */
    static final String GRAPHS_PROPERTY = "longhand.cuda.graphs";

    /**
     * Returns the modes that the device supports and the system properties allow.
     *
     * @throws IllegalArgumentException if a property is neither true nor false
     */
    static LaunchModes allowed(CudaDevice device) {
        return new LaunchModes(
                on(OVERLAP_PROPERTY) && device.overlapsLaunches(), on(GRAPHS_PROPERTY));
    }

    private static boolean on(String property) {
        String value = System.getProperty(property, "true");
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default ->
                    throw new IllegalArgumentException(
                            "-D%s is \"%s\"; use true or false".formatted(property, value));
        };
    }

    /**
     * Returns these modes without those that change bits.
     *
     * @param trial computes the same values with the given modes
     */
    LaunchModes confirmedBy(Function<LaunchModes, float[]> trial) {
        if (!overlapped && !recorded) {
            return this;
        }
        float[] expected = trial.apply(new LaunchModes(false, false));
        boolean overlaps =
                overlapped && Arrays.equals(expected, trial.apply(new LaunchModes(true, false)));
        boolean records =
                recorded && Arrays.equals(expected, trial.apply(new LaunchModes(overlaps, true)));
        return new LaunchModes(overlaps, records);
    }
}
