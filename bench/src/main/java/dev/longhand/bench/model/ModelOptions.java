package dev.longhand.bench.model;

import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command that runs a model. */
public final class ModelOptions {
    @Option(
            names = "--model",
            defaultValue = "",
            paramLabel = "DIR",
            description = "A Hugging Face folder; without it a model is generated.")
    private String model = "";

    @Option(
            names = "--shape",
            defaultValue = "0.5b",
            description = "Shape of the generated model. Default: ${DEFAULT-VALUE}.")
    private String shape = "";

    @Option(
            names = "--cache",
            defaultValue = "",
            paramLabel = "DIR",
            description = "Folder where generated models and adapters are kept.")
    private String cache = "";

    @Option(
            names = "--weights",
            defaultValue = "bf16",
            description = "bf16 (as stored), int8, int4 or fp8. Default: ${DEFAULT-VALUE}.")
    private DType weights = DType.BF16;

    @Mixin private DeviceOptions device = new DeviceOptions();

    /**
     * Says on standard error what a run will write and how long it will take, before it begins.
     *
     * @param steps decode steps; see {@link ModelChoice#cost}
     */
    public void announce(double steps) {
        choice().check();
        System.err.println(choice().cost(steps).text());
    }

    /** The model that the options name. */
    public ModelChoice choice() {
        return new ModelChoice(
                model, shape, cache, device.device(), device.threads(), weights, null);
    }
}
