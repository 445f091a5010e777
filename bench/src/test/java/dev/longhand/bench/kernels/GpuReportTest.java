package dev.longhand.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaProbe;
import dev.longhand.bindings.ptx.PtxAvailability;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.cuda.CudaBackend;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** The harness that times a GPU; on the PTX device its times mean nothing, but it runs. */
class GpuReportTest {
    private static final GpuPlan TINY =
            new GpuPlan(
                    new LayerShape(64, 2, 1, 32, 96),
                    List.of(1, 2),
                    List.of(70), // more than a page, which the harness fills whole
                    17,
                    1,
                    3,
                    1 << 12);

    @Test
    void tinyOnPtx() {
        if (!(PtxDevice.availability() instanceof PtxAvailability.Present(PtxDevice device))) {
            Assumptions.abort("skipped: no PTX device in this build");
            return;
        }
        device.clear();
        List<String> lines = new ArrayList<>();
        try (CudaBackend backend = new CudaBackend(device.library(), 0)) {
            GpuReport.run(backend, TINY, lines::add);
        }
        lines.forEach(System.out::println);
        assertEquals(List.of(), device.findings());
        assertEquals(0, device.live());
        // bandwidth; two steps of a title, six ops and a sum; two products; why not cuBLAS
        assertEquals(1 + 2 * 8 + 2 + 1, lines.size());
        assertTrue(lines.get(1).startsWith("decode, batch 1, context 70"));
        assertTrue(lines.get(8).startsWith("  step "), lines.get(8));
        assertTrue(lines.getLast().startsWith("cuBLAS is not measured: cuBLAS needs NVIDIA's"));
    }

    @Tag("gpu")
    @Test
    void layerOf32BAgainstItsFloor() {
        if (CudaProbe.probe() instanceof CudaAvailability.Absent(String cause, String _)) {
            Assumptions.abort("skipped: no GPU, " + cause);
        }
        try (CudaBackend backend = new CudaBackend(CudaLibrary.system(), 0)) {
            GpuReport.run(backend, GpuPlan.FULL, System.out::println);
        }
    }

    @Tag("gpu")
    @Test
    void traffic() {
        Assumptions.abort("skipped: a GPU does not count its traffic here, see TrafficReport");
    }
}
