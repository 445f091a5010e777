package dev.longhand.bench.model;

import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** JMH parameters of benchmarks that run a model. */
@State(Scope.Benchmark)
@NullUnmarked // JMH fills the fields
public abstract class ModelParameters extends DeviceParameters {
    /** Hugging Face folder; empty for a generated model. */
    @Param("")
    public String model;

    /** Shape of the generated model: tiny, 0.5b, 1.5b, 3b, 7b, 14b, 32b, 72b. */
    @Param("0.5b")
    public String shape;

    /** Folder where generated models and adapters are kept. */
    @Param("")
    public String cache;

    /** Dtype of the weights: BF16, as stored, or INT8, INT4, FP8. */
    @Param("BF16")
    public String weights;

    @Override
    public void check() {
        super.check();
        choice().check();
    }

    /** The model that these parameters name. */
    protected ModelChoice choice() {
        return new ModelChoice(
                model, shape, cache, device(), threads, ModelChoice.weights(weights), null);
    }
}
