package dev.longhand.engine.architecture;

/**
 * An RMSNorm as a checkpoint names it.
 *
 * @param name of the module in transformers, for example {@code model.norm}
 * @param width elements of its weight
 */
public record NormModule(String name, int width) {
    /** The name of the tensor of its weight. */
    public String weight() {
        return name + ".weight";
    }
}
