package dev.longhand.engine.architecture;

/**
 * An RMSNorm, as named in a checkpoint.
 *
 * @param name name of the module in transformers, for example {@code model.norm}
 * @param width elements of its weight
 * @param base what the stored weight is added to: 0, or 1
 */
public record NormModule(String name, int width, float base) {
    /** Returns the name of its weight tensor. */
    public String weight() {
        return name + ".weight";
    }
}
