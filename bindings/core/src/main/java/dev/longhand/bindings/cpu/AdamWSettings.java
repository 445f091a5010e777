package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.lh_adamw;

import java.lang.foreign.MemorySegment;

/**
 * One update of AdamW, with all that depends on its number already computed.
 *
 * @param gradientScale factor on every gradient first
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param step learning rate over 1 - beta1^t
 * @param rootScale 1 over the root of 1 - beta2^t
 * @param epsilon added to the root of the second moment
 * @param keep 1 - learning rate times weight decay
 */
public record AdamWSettings(
        double gradientScale,
        double beta1,
        double beta2,
        double step,
        double rootScale,
        double epsilon,
        double keep) {
    MemorySegment writeTo(MemorySegment struct) {
        lh_adamw.gradient_scale(struct, (float) gradientScale);
        lh_adamw.beta1_rest(struct, (float) (1 - beta1));
        lh_adamw.beta2(struct, (float) beta2);
        lh_adamw.beta2_rest(struct, (float) (1 - beta2));
        lh_adamw.step(struct, (float) step);
        lh_adamw.root_scale(struct, (float) rootScale);
        lh_adamw.epsilon(struct, (float) epsilon);
        lh_adamw.keep(struct, (float) keep);
        return struct;
    }
}
