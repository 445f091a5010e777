package dev.longhand.engine.architecture;

/**
 * An RMSNorm, as named in a checkpoint.
 *
 * @param name name of the module in transformers, for example {@code model.norm}
 * @param width elements of its weight
 */
public record NormModule(String name, int width) {
    /** Returns the name of its weight tensor. */
    public String weight() {
        return name + ".weight";
    }
}
