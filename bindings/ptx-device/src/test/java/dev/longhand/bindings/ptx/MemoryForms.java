package dev.longhand.bindings.ptx;

import java.util.ArrayList;
import java.util.List;

/**
 * Loads and stores: a value goes through one space and comes back into registers of a width.
 *
 * @param store as an instruction, with its space and type
 * @param load as an instruction
 * @param type of an element
 * @param count elements of the vector
 * @param register bits of the registers
 * @param space where the value goes through
 */
record MemoryForms(String store, String load, String type, int count, int register, String space) {
    private static final List<String> TYPES =
            List.of(
                    "b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64",
                    "s64", "f64");
    private static final List<String> SPACES =
            List.of(
                    "global",
                    "shared",
                    "local",
                    "generic global",
                    "generic shared",
                    "generic local");
    private static final List<String> LOADS =
            List.of(
                    "ld.global.nc",
                    "ld.global.ca",
                    "ld.global.cg",
                    "ld.global.cs",
                    "ld.global.lu",
                    "ld.global.cv",
                    "ld.weak.global",
                    "ld.volatile.global",
                    "ld.relaxed.gpu.global",
                    "ld.acquire.sys.global",
                    "ld.acquire.cta.global",
                    "ld.global.L1::no_allocate",
                    "ld.global.nc.L1::no_allocate",
                    "ld.global.nc.L1::evict_first.L2::128B",
                    "ld.global.L2::64B",
                    "ld.global.L2::256B",
                    "ld.global.L1::evict_last",
                    "ld.global.L1::evict_normal",
                    "ld.volatile",
                    "ld.volatile.shared");
    private static final List<String> STORES =
            List.of(
                    "st.global.wb",
                    "st.global.cg",
                    "st.global.cs",
                    "st.global.wt",
                    "st.weak.global",
                    "st.volatile.global",
                    "st.relaxed.gpu.global",
                    "st.release.sys.global",
                    "st.release.cta.global",
                    "st.volatile",
                    "st.volatile.shared");

    int bytes() {
        return Integer.parseInt(type.substring(1)) / 8;
    }

    static List<MemoryForms> all() {
        List<MemoryForms> all = new ArrayList<>();
        for (String space : SPACES) {
            String dot = space.startsWith("generic") ? "" : "." + space;
            for (String type : TYPES) {
                for (int count = 1; count <= 4; count *= 2) {
                    int bits = Integer.parseInt(type.substring(1));
                    for (int register = 16; register <= 64; register *= 2) {
                        boolean fits = register == bits || bits < register && type.charAt(0) != 'f';
                        if (fits && bits * count <= 128) {
                            all.add(
                                    new MemoryForms(
                                            "st" + dot, "ld" + dot, type, count, register, space));
                        }
                    }
                }
            }
        }
        for (String load : LOADS) {
            boolean shared = load.endsWith("shared");
            String store = shared ? "st.shared" : "st.global";
            String space = shared ? "shared" : "global";
            all.add(new MemoryForms(store, load, "u32", 1, 32, space));
            all.add(new MemoryForms(store, load, "f32", 4, 32, space));
        }
        for (String store : STORES) {
            boolean shared = store.endsWith("shared");
            String load = shared ? "ld.shared" : "ld.global";
            all.add(new MemoryForms(store, load, "u32", 1, 32, shared ? "shared" : "global"));
        }
        return all;
    }

    @Override
    public String toString() {
        return "%s and %s, v%d of %s through %s in %d bits"
                .formatted(store, load, count, type, space, register);
    }

    /** Parameters: bits in, old results and results, scratch, guard; threads of one block. */
    String kernel(String guard) {
        int size = bytes() * count;
        StringBuilder text = new StringBuilder();
        text.append(
                """
                .reg .pred %g;
                .reg .b32 %t, %x, %a32;
                .reg .b64 %in, %out, %scratch, %guard, %i, %a;
                .shared .align 16 .b8 pool[1024];
                .local .align 16 .b8 own[16];
                ld.param.u64 %in, [in];
                ld.param.u64 %out, [out];
                ld.param.u64 %scratch, [scratch];
                ld.param.u64 %guard, [guard];
                mov.u32 %t, %tid.x;
                mul.wide.u32 %i, %t, 4;
                add.s64 %guard, %guard, %i;
                ld.global.u32 %x, [%guard];
                setp.ne.u32 %g, %x, 0;
                mul.wide.u32 %i, %t, 32;
                add.s64 %in, %in, %i;
                add.s64 %out, %out, %i;
                mul.wide.u32 %i, %t, SIZE;
                """
                        .replace("SIZE", Integer.toString(size)));
        text.append(address());
        for (int e = 0; e < count; e++) {
            text.append(".reg .b%d %%s%d, %%d%d;\n".formatted(register, e, e));
            text.append("ld.global.b%d %%s%d, [%%in+%d];\n".formatted(register, e, 8 * e));
            text.append("ld.global.b%d %%d%d, [%%out+%d];\n".formatted(register, e, 8 * e));
        }
        String where = where();
        String form = (count > 1 ? ".v" + count : "") + "." + type + " ";
        text.append(store).append(form).append(where).append(", ").append(registers("%s"));
        text.append(";\n").append(guard);
        text.append(load).append(form).append(registers("%d")).append(", ").append(where);
        text.append(";\n");
        for (int e = 0; e < count; e++) {
            text.append("st.global.b%d [%%out+%d], %%d%d;\n".formatted(register, 8 * e, e));
        }
        return text + "ret;";
    }

    private String where() {
        return space.equals("shared") && bytes() == 4
                ? "[%a32+0]"
                : space.equals("local") && bytes() == 4 ? "[own]" : "[%a]";
    }

    /** %a is where this thread's value goes; shared addresses also fit into 32 bits. */
    private String address() {
        return switch (space.replace("generic ", "")) {
            case "global" -> "add.s64 %a, %scratch, %i;\n";
            case "shared" ->
                    "mov.u64 %a, pool;\nadd.s64 %a, %a, %i;\ncvt.u32.u64 %a32, %a;\n"
                            + (space.startsWith("generic") ? "cvta.shared.u64 %a, %a;\n" : "");
            default ->
                    "mov.u64 %a, own;\n"
                            + (space.startsWith("generic")
                                    ? "cvta.local.u64 %a, %a;\n"
                                    : "cvta.local.u64 %a, %a;\ncvta.to.local.u64 %a, %a;\n");
        };
    }

    private String registers(String name) {
        if (count == 1) {
            return name + "0";
        }
        StringBuilder text = new StringBuilder("{");
        for (int e = 0; e < count; e++) {
            text.append(e == 0 ? "" : ", ").append(name).append(e);
        }
        return text + "}";
    }

    /** What a register holds after the way of its low bits through memory. */
    long through(long value) {
        int unused = 64 - 8 * bytes();
        long kept = type.charAt(0) == 's' ? value << unused >> unused : value << unused >>> unused;
        return fit(kept);
    }

    /** The bits that a register can hold. */
    long fit(long value) {
        return register == 64 ? value : value & (1L << register) - 1;
    }
}
