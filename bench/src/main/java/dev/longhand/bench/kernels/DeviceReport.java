package dev.longhand.bench.kernels;

import dev.longhand.bench.model.DeviceOptions;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.bench.report.ResultOptions;
import dev.longhand.bindings.cuda.CudaDevice;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cuda.CudaBackend;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reports which device there is, its driver, its memory, and the ways of launching it passes. */
@Command(
        name = "device",
        mixinStandardHelpOptions = true,
        description = {
            "Names the device, its driver and its memory, and whether overlapped launches and",
            "graphs pass the trial that runs when a device is opened."
        })
public final class DeviceReport implements Runnable {
    private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

    @Mixin private DeviceOptions device = new DeviceOptions();
    @Mixin private ResultOptions output = new ResultOptions();

    @Override
    public void run() {
        try (ComputeBackend backend = device.openBackend()) {
            output.report("Device", List.of(describe(backend)));
        }
    }

    /** Describes an open device. */
    static BenchResult describe(ComputeBackend backend) {
        Map<String, String> parameters = new LinkedHashMap<>();
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        parameters.put("backend", backend.capabilities().description());
        if (backend instanceof CudaBackend cuda) {
            CudaDevice found = cuda.queue().driver().device();
            int version = found.driverVersion();
            parameters.put("name", found.name());
            parameters.put("compute capability", found.computeMajor() + "." + found.computeMinor());
            parameters.put("driver", driver());
            parameters.put("driver for CUDA", version / 1000 + "." + version % 1000 / 10);
            parameters.put("overlapped launches", onOrOff(cuda.overlapsLaunches()));
            parameters.put("graphs", onOrOff(cuda.recordsSteps()));
            metrics.put(new Metric("memory", "GB"), found.memoryBytes() / 1e9);
            metrics.put(new Metric("free", "GB"), backend.freeBytes().orElse(0) / 1e9);
        }
        CopyBandwidth.measure(backend)
                .ifPresent(rate -> metrics.put(new Metric("copy", "GB/s"), rate / 1e9));
        return new BenchResult("Device", parameters, metrics, Map.of());
    }

    private static String onOrOff(boolean on) {
        return on ? "on" : "off";
    }

    /** The version of NVIDIA's kernel module, for example 580.65.06. */
    private static String driver() {
        if (!Files.isReadable(DRIVER)) {
            return "none";
        }
        try {
            String first = Files.readAllLines(DRIVER).getFirst();
            return first.replaceFirst(".*?  (\\d+(\\.\\d+)+) .*", "$1");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
