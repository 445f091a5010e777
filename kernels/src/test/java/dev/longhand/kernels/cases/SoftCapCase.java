package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;

/**
 * The soft cap of logits, in place.
 *
 * @param cap bound of the results; the logits have a magnitude of 5
 */
public record SoftCapCase(int rows, int width, float cap) implements OpCase {
    @Override
    public String name() {
        return "soft_cap %d x %d cap %s".formatted(rows, width, cap);
    }

    @Override
    public long flops() {
        return 10L * rows * width;
    }

    @Override
    public long bytes() {
        return 8L * rows * width;
    }

    private float[] logits() {
        return CaseData.normal(name(), rows * width, 5);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend,
                rows,
                width,
                logits(),
                prepared -> () -> backend.softCap(prepared.out(), cap, rows));
    }

    @Override
    public float[] plain(Precision precision) {
        float[] logits = logits();
        for (int i = 0; i < logits.length; i++) {
            float power = (float) Math.exp(-2 * Math.abs(logits[i]) / cap);
            float tanh = (1 - power) / (1 + power);
            logits[i] = cap * Math.copySign(tanh, logits[i]);
        }
        return logits;
    }
}
