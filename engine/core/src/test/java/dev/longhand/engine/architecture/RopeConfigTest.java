package dev.longhand.engine.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.Map;

/** Frequencies of the rotary embedding, to the bit those of transformers 5.18 in float32. */
class RopeConfigTest {
    /** The constants of Llama 3.1 8B: short waves, waves between the two bounds, and long ones. */
    @Test
    void llama3() {
        RopeConfig rope = new RopeConfig(5e5, new Llama3Scaling(8, 1, 4, 8192));
        float[] frequencies = rope.inverseFrequencies(128);
        assertEquals(64, frequencies.length);
        Map.of(
                        0,
                        0x3f800000,
                        18,
                        0x3ccc6f49,
                        28,
                        0x3b527720,
                        29,
                        0x3b0dfd06,
                        31,
                        0x3a60979e,
                        34,
                        0x393b2dd2,
                        35,
                        0x38c86886,
                        63,
                        0x34a4c2ff)
                .forEach((i, bits) -> assertEquals(bits, Float.floatToIntBits(frequencies[i])));
        assertEquals(1, rope.attentionScaling());
        assertEquals(131_072, rope.positions(131_072));
    }
}
