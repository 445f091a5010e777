package dev.longhand.kernels.sampling;

/** A logit was NaN or infinite: the weights are damaged or an activation overflowed. */
public final class NonFiniteLogitsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception for the logit of a token. */
    public NonFiniteLogitsException(int token, float value) {
        super(
                "the logit of token %d is %s: the weights are damaged or an activation overflowed"
                        .formatted(token, value));
    }
}
