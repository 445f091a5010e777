package dev.longhand.engine.gguf;

/**
 * A metadata value, still in the file.
 *
 * @param kind of the value, or of the elements of a list
 * @param list whether it is a list
 * @param count elements; 1 for a single value
 * @param at place of the first element in the file
 */
record GgufValue(Kind kind, boolean list, long count, long at) {
    /** The kinds of values, by their numbers in the format. */
    enum Kind {
        UINT8(1),
        INT8(1),
        UINT16(2),
        INT16(2),
        UINT32(4),
        INT32(4),
        FLOAT32(4),
        BOOL(1),
        STRING(0),
        LIST(0),
        UINT64(8),
        INT64(8),
        FLOAT64(8);

        private final int bytes;

        Kind(int bytes) {
            this.bytes = bytes;
        }

        /** Bytes of a value; 0 if they vary. */
        int bytes() {
            return bytes;
        }
    }
}
