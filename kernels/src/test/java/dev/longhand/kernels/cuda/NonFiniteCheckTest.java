package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A NaN in weights that are on the device is found there, and told where its file has it. */
class NonFiniteCheckTest {
    private static final long BAD = 2 * 40 + 39; // the last of row 2; rows of 40 are padded to 64

    private static HostTensor weights(Arena arena, DType dtype, boolean bad) {
        HostTensor tensor = HostTensor.allocate(arena, dtype, Shape.of(12, 40));
        if (bad && dtype == DType.F32) {
            tensor.set(BAD, Float.NaN);
        } else if (bad) {
            short infinity = (short) (dtype == DType.BF16 ? 0xFF80 : 0xFC00);
            tensor.data().setAtIndex(ValueLayout.JAVA_SHORT, BAD, infinity);
        }
        return tensor;
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16", "F16"})
    void isFoundWhereverTheMatrixWent(DType dtype) {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        try (Arena arena = Arena.ofConfined();
                CudaBackend backend = new CudaBackend(device.library(), 0)) {
            for (int layout = 0; layout < 3; layout++) {
                Tensor good = backend.place(weights(arena, dtype, false));
                Tensor bad = backend.place(weights(arena, dtype, true));
                assertEquals(BAD, backend.findNonFinite(bad), "before it is uploaded");
                LinearMatrix first = new LinearMatrix(good, null);
                LinearMatrix second = new LinearMatrix(bad, null);
                switch (layout) {
                    case 0 -> backend.linear(List.of(second));
                    case 1 -> backend.linear(List.of(first, second));
                    default -> backend.gatedLinear(first, second);
                }
                device.clear();
                assertEquals(BAD, backend.findNonFinite(bad));
                assertTrue(device.countersJson().contains("find_nonfinite_bf16"));
                assertEquals(-1, backend.findNonFinite(good));
            }
            assertEquals(List.of(), device.findings());
        }
    }
}
