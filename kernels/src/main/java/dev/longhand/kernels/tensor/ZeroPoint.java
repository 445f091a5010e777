package dev.longhand.kernels.tensor;

/** The zero point of a group: the value of the code that stands for 0. */
public enum ZeroPoint {
    /** 0: codes are signed. */
    NONE,
    /** The middle of the code range: 128 for 8 bits, 8 for 4 bits. */
    MIDDLE,
    /** A 16-bit integer that each group stores with its scale. */
    STORED,
    /** 0, and each group stores a minimum beside its scale, in the same form, that is added. */
    MINIMUM
}
