package dev.longhand.kernels;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cuda.CudaEmulator;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaProbe;
import dev.longhand.bindings.cuda.CudaUnavailableException;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.cpu.CpuTrainingBackend;
import dev.longhand.kernels.cuda.CudaBackend;
import dev.longhand.kernels.cuda.CudaTrainingBackend;
import dev.longhand.kernels.reference.ReferenceBackend;
import dev.longhand.kernels.tensor.DType;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A backend and why it was chosen.
 *
 * @param backend open; the caller closes it
 * @param reason one line for the user
 */
public record BackendChoice(ComputeBackend backend, String reason) {
    /**
     * Opens the backend of a device. {@link Device#AUTO} takes a GPU if there is one, else the C
     * kernels if this build has them, else the reference.
     *
     * @param threads threads of a CPU backend; 0 is one per processor
     * @throws BackendUnavailableException if the requested device is not available; there is no
     *     silent fallback
     */
    public static BackendChoice open(Device device, int threads) {
        return open(device, threads, Prefill.OWN);
    }

    /**
     * Opens the backend of a device with the given prefill implementation.
     *
     * @throws BackendUnavailableException also if the device does not support that prefill
     */
    public static BackendChoice open(Device device, int threads, Prefill prefill) {
        BackendChoice own = openOwn(device, threads);
        if (prefill == Prefill.OWN) {
            return own;
        }
        try {
            if (!(own.backend() instanceof CudaBackend cuda)) {
                throw new BackendUnavailableException(
                        device,
                        "cuBLAS multiplies on a GPU, and this is "
                                + own.backend().capabilities().description(),
                        "use Device.CUDA, or leave out Prefill.CUBLAS");
            }
            cuda.prefillByCublas();
            return of(cuda, "as asked");
        } catch (CudaUnavailableException e) {
            own.backend().close();
            throw new BackendUnavailableException(
                    device, e.reason(), e.remedy() + ", or leave out Prefill.CUBLAS");
        } catch (RuntimeException e) {
            own.backend().close();
            throw e;
        }
    }

    private static BackendChoice openOwn(Device device, int threads) {
        if (device.equals(Device.AUTO)) {
            return auto(threads);
        }
        if (device.equals(Device.CPU)) {
            return cpu(threads);
        }
        if (device.equals(Device.CUDA) || device.ordinal().isPresent()) {
            return gpu(device);
        }
        if (device.equals(Device.REFERENCE)) {
            return of(new ReferenceBackend(), "as asked");
        }
        return emulated(device);
    }

    private static BackendChoice cpu(int threads) {
        return switch (CpuBackend.availability()) {
            case CpuAvailability.Present present ->
                    of(new CpuBackend(present.library(), null, threads), "as asked");
            case CpuAvailability.Absent absent ->
                    throw new BackendUnavailableException(
                            Device.CPU, absent.cause(), absent.remedy());
        };
    }

    private static BackendChoice gpu(Device device) {
        return switch (CudaDeviceChoice.of(CudaProbe.probe(), device.ordinal())) {
            case CudaDeviceChoice.Chosen chosen ->
                    cuda(device, CudaLibrary.system(), chosen.device().ordinal());
            case CudaDeviceChoice.None none ->
                    throw new BackendUnavailableException(device, none.cause(), none.remedy());
        };
    }

    private static BackendChoice emulated(Device device) {
        CudaEmulator emulator =
                device.emulator()
                        .orElseThrow(
                                () ->
                                        new BackendUnavailableException(
                                                device,
                                                "nothing on the class path offers it",
                                                "the devices are auto, cpu, cuda and reference;"
                                                        + " dev.longhand:longhand-ptx-device adds"
                                                        + " ptx"));
        try {
            return cuda(device, emulator.library(), emulator.ordinal());
        } catch (CudaUnavailableException e) {
            throw new BackendUnavailableException(device, e.reason(), e.remedy());
        }
    }

    /**
     * Opens the best backend that computes in host memory.
     *
     * @param threads as for {@link #open}
     */
    public static ComputeBackend host(int threads) {
        return switch (CpuBackend.availability()) {
            case CpuAvailability.Present present ->
                    new CpuBackend(present.library(), null, threads);
            case CpuAvailability.Absent _ -> new ReferenceBackend();
        };
    }

    /**
     * Opens a backend for training, which computes in host memory.
     *
     * @param threads as for {@link #open}
     * @param products F32, or BF16: the factors of the products of linear layers are rounded to it
     * @throws BackendUnavailableException if this build has no CPU kernels
     */
    public static TrainingBackend training(int threads, DType products) {
        return switch (CpuBackend.availability()) {
            case CpuAvailability.Present present ->
                    new CpuTrainingBackend(present.library(), null, threads, products);
            case CpuAvailability.Absent absent ->
                    throw new BackendUnavailableException(
                            Device.CPU, absent.cause(), absent.remedy());
        };
    }

    /**
     * Opens a backend for training on a device. {@link Device#AUTO} is the CPU: a GPU has to be
     * asked for.
     *
     * @param threads as for {@link #open}; on a GPU, of the host's part
     * @param products F32, or BF16: the factors of the products of linear layers are rounded to it;
     *     on a GPU they always are
     * @param streamed whether a GPU holds two layers of frozen weights, not all
     * @throws BackendUnavailableException if the device is not available, or does not train
     */
    public static TrainingBackend training(
            Device device, int threads, DType products, boolean streamed) {
        if (device.equals(Device.AUTO) || device.equals(Device.CPU)) {
            return training(threads, products);
        }
        if (device.equals(Device.CUDA) || device.ordinal().isPresent()) {
            return switch (CudaDeviceChoice.of(CudaProbe.probe(), device.ordinal())) {
                case CudaDeviceChoice.Chosen chosen ->
                        cudaTraining(
                                device,
                                CudaLibrary.system(),
                                chosen.device().ordinal(),
                                threads,
                                streamed);
                case CudaDeviceChoice.None none ->
                        throw new BackendUnavailableException(device, none.cause(), none.remedy());
            };
        }
        CudaEmulator emulator =
                device.emulator()
                        .orElseThrow(
                                () ->
                                        new BackendUnavailableException(
                                                device,
                                                "it does not train",
                                                "the devices that train are cpu and cuda"));
        try {
            return cudaTraining(device, emulator.library(), emulator.ordinal(), threads, streamed);
        } catch (CudaUnavailableException e) {
            throw new BackendUnavailableException(device, e.reason(), e.remedy());
        }
    }

    /**
     * Returns the memory of the GPU that a device denotes, all of it; empty if it computes in host
     * memory.
     *
     * @throws BackendUnavailableException if the device is not available
     */
    public static OptionalLong deviceBytes(Device device) {
        if (!device.equals(Device.CUDA) && device.ordinal().isEmpty()) {
            return OptionalLong.empty();
        }
        return switch (CudaDeviceChoice.of(CudaProbe.probe(), device.ordinal())) {
            case CudaDeviceChoice.Chosen chosen -> OptionalLong.of(chosen.device().memoryBytes());
            case CudaDeviceChoice.None none ->
                    throw new BackendUnavailableException(device, none.cause(), none.remedy());
        };
    }

    private static TrainingBackend cudaTraining(
            Device device, CudaLibrary library, int ordinal, int threads, boolean streamed) {
        ComputeBackend host = host(threads);
        try {
            return new CudaTrainingBackend(library, ordinal, host, streamed);
        } catch (CudaUnavailableException e) {
            host.close();
            throw new BackendUnavailableException(device, e.reason(), e.remedy());
        } catch (RuntimeException e) {
            host.close();
            throw e;
        }
    }

    private static BackendChoice auto(int threads) {
        return switch (CudaDeviceChoice.of(CudaProbe.probe(), OptionalInt.empty())) {
            case CudaDeviceChoice.Chosen chosen ->
                    of(
                            new CudaBackend(CudaLibrary.system(), chosen.device().ordinal()),
                            "chosen by auto: the driver sees " + chosen.device().name());
            case CudaDeviceChoice.None none -> withoutGpu(threads, none.cause());
        };
    }

    private static BackendChoice withoutGpu(int threads, String cause) {
        return switch (CpuBackend.availability()) {
            case CpuAvailability.Present present ->
                    of(
                            new CpuBackend(present.library(), null, threads),
                            "chosen by auto: no GPU, " + cause);
            case CpuAvailability.Absent absent ->
                    of(
                            new ReferenceBackend(),
                            "chosen by auto: no GPU, %s; %s; to be fast, %s"
                                    .formatted(cause, absent.cause(), absent.remedy()));
        };
    }

    private static BackendChoice cuda(Device device, CudaLibrary library, int ordinal) {
        try {
            return of(new CudaBackend(library, ordinal), "as asked");
        } catch (CudaUnavailableException e) {
            throw new BackendUnavailableException(device, e.reason(), e.remedy());
        }
    }

    private static BackendChoice of(ComputeBackend backend, String why) {
        return new BackendChoice(
                backend, "device: " + backend.capabilities().description() + ", " + why);
    }
}
