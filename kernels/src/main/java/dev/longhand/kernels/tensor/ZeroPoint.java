package dev.longhand.kernels.tensor;

/** Which value of a group's codes stands for 0. */
public enum ZeroPoint {
    /** 0 itself: codes have a sign. */
    NONE,
    /** The middle of the codes, 128 of 8 bits and 8 of 4. */
    MIDDLE,
    /** An integer of 16 bits that each group stores beside its scale. */
    STORED
}
