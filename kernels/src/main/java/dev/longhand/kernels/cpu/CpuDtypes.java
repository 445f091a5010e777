package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.CpuDtype;
import dev.longhand.kernels.tensor.DType;

import java.util.EnumMap;
import java.util.Map;

/** Maps the dtypes that the C kernels read to the {@link CpuDtype} of the same name. */
public final class CpuDtypes {
    private static final Map<DType, CpuDtype> ALL = new EnumMap<>(DType.class);

    static {
        for (CpuDtype dtype : CpuDtype.values()) {
            ALL.put(DType.valueOf(dtype.name()), dtype);
        }
    }

    private CpuDtypes() {}

    /** Whether the C kernels read a dtype. */
    public static boolean has(DType dtype) {
        return ALL.containsKey(dtype);
    }

    /**
     * Returns the C kernels' counterpart of a dtype.
     *
     * @throws IllegalArgumentException if the C kernels do not read it
     */
    public static CpuDtype of(DType dtype) {
        CpuDtype found = ALL.get(dtype);
        if (found == null) {
            throw new IllegalArgumentException("no C kernel reads %s tensors".formatted(dtype));
        }
        return found;
    }
}
