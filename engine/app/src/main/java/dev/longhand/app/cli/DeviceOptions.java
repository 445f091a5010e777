package dev.longhand.app.cli;

import dev.longhand.engine.EngineConfig;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.Prefill;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the device that computes. */
public final class DeviceOptions {
    /** The format of keys and values. */
    enum Kv {
        F32,
        BF16,
        INT8
    }

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description =
                    "auto, cpu, cuda, cuda:N for the GPU of that number, reference, or an emulator"
                            + " on the class path, as ptx.")
    private Device device = Device.AUTO;

    @Option(
            names = "--prefill",
            paramLabel = "WHO",
            defaultValue = "own",
            description =
                    "own, or cublas: NVIDIA's library multiplies prompts of 128 rows and more."
                            + " Logits then depend on how prompts share steps.")
    private Prefill prefill = Prefill.OWN;

    @Mixin private ThreadOption threads = new ThreadOption();

    @Option(
            names = "--kv",
            paramLabel = "KIND",
            description =
                    "Keys and values: f32 (exact), bf16 (half the memory) or int8 (keys in"
                            + " bf16, values in 8 bits; not on CUDA) (default: f32, bf16 on CUDA).")
    private @Nullable Kv kv;

    /** Applies these options to a configuration. */
    public EngineConfig apply(EngineConfig config) {
        return config.withDevice(device)
                .withThreads(threads.count())
                .withPrefill(prefill)
                .withKvDtype(kv == null ? null : DType.valueOf(kv.name()));
    }
}
