package dev.longhand.kernels.training;

import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.HostTensor;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

import java.util.function.Function;

/**
 * The table of {@link TrainingOpTableTest} on the PTX device. Inputs are BF16 values, so that
 * operands of a product lose nothing and F32 sums are held to the same bound as the CPU's; what an
 * op itself rounds to BF16 has the bound of that.
 */
class PtxTrainingOpTableTest extends TrainingOpTableTest {
    private static DeviceOps ops;

    @BeforeAll
    static void open() {
        ops = new DeviceOps();
    }

    @AfterAll
    static void closeDevice() {
        ops.close();
    }

    @Override
    HostTensor normal(long rows, long width) {
        return DeviceOps.rounded(super.normal(rows, width));
    }

    @Override
    void check(int depth, double[] expected, Function<TrainingBackend, HostTensor> op) {
        assertClose("ptx", depth, expected, ops.run(op));
    }

    @Override
    void checkRounded(int depth, double[] expected, Function<TrainingBackend, HostTensor> op) {
        assertWithin("ptx", DeviceOps.bound(expected), expected, ops.run(op));
    }
}
