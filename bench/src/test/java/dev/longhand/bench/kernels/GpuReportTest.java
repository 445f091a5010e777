package dev.longhand.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaProbe;
import dev.longhand.bindings.ptx.PtxAvailability;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.cuda.CudaBackend;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

/** The harness that times a GPU; on the PTX device its times mean nothing, but it runs. */
class GpuReportTest {
    private static final GpuPlan TINY = GpuPlan.Name.TINY.plan();

    @Test
    void tinyOnPtx() {
        if (!(PtxDevice.availability() instanceof PtxAvailability.Present(PtxDevice device))) {
            Assumptions.abort("skipped: no PTX device in this build");
            return;
        }
        device.clear();
        List<BenchResult> results;
        try (CudaBackend backend = new CudaBackend(device.library(), 0)) {
            results = GpuReport.measure(backend, TINY);
        }
        assertEquals(List.of(), device.findings());
        assertEquals(0, device.live());
        // the copy; four steps of six ops and a sum; two products; why not cuBLAS
        assertEquals(1 + 4 * 7 + 2 + 1, results.size());
        BenchResult step = results.get(7);
        assertEquals(StepTimer.STEP, step.parameter("op"));
        assertEquals("70", step.parameter("context"));
        assertTrue(step.metric(Metric.of("us")) > 0);
        String missing = results.getLast().parameter("note");
        assertTrue(missing.startsWith("not measured: cuBLAS needs NVIDIA's"), missing);
    }

    @Tag("gpu")
    @Test
    void layerOf32BAgainstItsFloor() {
        if (CudaProbe.probe() instanceof CudaAvailability.Absent(String cause, String _)) {
            Assumptions.abort("skipped: no GPU, " + cause);
        }
        try (CudaBackend backend = new CudaBackend(CudaLibrary.system(), 0)) {
            assertFalse(GpuReport.measure(backend, GpuPlan.Name.FULL.plan()).isEmpty());
        }
    }

    @Tag("gpu")
    @Test
    void traffic() {
        Assumptions.abort("skipped: a GPU does not count its traffic here, see TrafficReport");
    }
}
