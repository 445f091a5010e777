package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriverException;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The checks bite: mistakes put into copies of our kernels are found, each by the check that it was
 * made for, or else by the oracle. A mistake that is not found would be one in the device.
 */
class SeededFaultTest {
    private static final long[] SEEDS = {0, 1, 20_261_123};
    private static final List<String> FOUND = new ArrayList<>();

    /**
     * What became of a run.
     *
     * @param kinds of the device's findings
     * @param error of the result, infinite if there is none
     * @param stopped whether the device ended the launch
     */
    private record Outcome(Set<String> kinds, double error, boolean stopped) {}

    /** Without a mistake nothing is found: what is found otherwise is the mistake. */
    @Test
    void nothingIsFoundInWhatShips() {
        PtxDevice device = TestBackends.ptxDevice();
        for (FaultDrive drive : SeededFaults.drives()) {
            for (long seed : SEEDS) {
                Outcome outcome = run(device, 0, drive, seed, CudaKernels::ptx);
                assertEquals(Set.of(), outcome.kinds());
                assertTrue(
                        outcome.error() <= drive.bound(),
                        () -> "error %g of %g".formatted(outcome.error(), drive.bound()));
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> everyMistakeIsFound() {
        return SeededFaults.all().stream()
                .map(fault -> DynamicTest.dynamicTest(fault.name(), () -> check(fault)));
    }

    @AfterAll
    static void print() {
        FOUND.forEach(System.out::println);
    }

    private static void check(SeededFault fault) {
        PtxDevice device = TestBackends.ptxDevice();
        String edited = fault.apply(text(fault.text()));
        Function<String, byte[]> ptx =
                name ->
                        name.equals(fault.text())
                                ? edited.getBytes(StandardCharsets.UTF_8)
                                : CudaKernels.ptx(name);
        Outcome outcome = run(device, fault.ordinal(), fault.drive(), SEEDS[0], ptx);
        double bound = fault.drive().bound();
        boolean wrong = !outcome.stopped() && outcome.error() > bound;
        FOUND.add(
                "%-55s - found by %s"
                        .formatted(fault.name(), describe(outcome, wrong, fault.drive())));
        if (fault.foundBy().equals(SeededFault.ORACLE)) {
            assertEquals(Set.of(), outcome.kinds());
            assertTrue(wrong, () -> "error %g is within %g".formatted(outcome.error(), bound));
        } else {
            assertTrue(
                    outcome.kinds().contains(fault.foundBy()),
                    () -> "not found by %s but by %s".formatted(fault.foundBy(), outcome.kinds()));
        }
    }

    private static String describe(Outcome outcome, boolean wrong, FaultDrive drive) {
        List<String> finders = new ArrayList<>(outcome.kinds());
        if (outcome.stopped()) {
            finders.add("(launch ended)");
        } else if (wrong) {
            finders.add("oracle (%.2g of %.2g)".formatted(outcome.error(), drive.bound()));
        }
        return String.join(", ", finders);
    }

    private static Outcome run(
            PtxDevice device,
            int ordinal,
            FaultDrive drive,
            long seed,
            Function<String, byte[]> ptx) {
        drive.expected(); // before the device has anything to say
        device.clear();
        device.seed(seed);
        double error = Double.POSITIVE_INFINITY;
        boolean stopped = false;
        try {
            error = drive.error(drive.run(device.library(), ordinal, ptx));
        } catch (CudaDriverException e) {
            stopped = true; // the findings say why
        }
        assertEquals(0, device.live());
        Set<String> kinds =
                device.findings().stream()
                        .map(finding -> finding.substring(0, finding.indexOf(':')))
                        .collect(Collectors.toCollection(TreeSet::new));
        device.clear();
        return new Outcome(kinds, error, stopped);
    }

    private static String text(String module) {
        return new String(CudaKernels.ptx(module), StandardCharsets.UTF_8);
    }
}
