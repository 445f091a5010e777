package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.lh_lora;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An array of {@code lh_lora}: adapter changes with the rows that use them. Refilled for every
 * call.
 */
public final class NativeLoraRows {
    private MemorySegment structs;
    private int capacity = 8;
    private int count;

    /** An empty array in memory that the garbage collector frees. */
    public NativeLoraRows() {
        structs = lh_lora.allocateArray(capacity, Arena.ofAuto());
    }

    /** Removes all entries. */
    public void clear() {
        count = 0;
    }

    /** Adds a range of rows, which must follow all rows added before. */
    public void add(int firstRow, int rows, NativeLora lora) {
        if (count == capacity) {
            MemorySegment old = structs;
            capacity *= 2;
            structs = lh_lora.allocateArray(capacity, Arena.ofAuto());
            structs.copyFrom(old);
        }
        MemorySegment struct = lh_lora.asSlice(structs, count++);
        lh_lora.a(struct, lora.a().structs());
        lh_lora.b(struct, lora.b().structs());
        lh_lora.scales(struct, lora.scales());
        lh_lora.first_row(struct, firstRow);
        lh_lora.rows(struct, rows);
    }

    MemorySegment structs() {
        return structs;
    }

    int count() {
        return count;
    }
}
