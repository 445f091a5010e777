package dev.longhand.bindings.ptx;

import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaUnavailableException;
import dev.longhand.bindings.library.PackedLibrary;
import dev.longhand.bindings.ptx.generated.PtxDeviceControl;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * The controls of the PTX device: findings, counters, and injected failures. There is one device
 * per process, and a process that has loaded it can use no other CUDA driver. Its library comes
 * from the class path; the system property {@value #PATH_PROPERTY} names another file instead.
 */
public final class PtxDevice {
    /** The name under which {@link PtxEmulator} offers the device. */
    public static final String NAME = "ptx";

    /** Names a library file to load instead of the packed one. */
    public static final String PATH_PROPERTY = "longhand.ptx.library";

    /**
     * Names the ordinal of the device to use: 0 (default) has compute capability 8.0, 1 has 9.0.
     */
    public static final String ORDINAL_PROPERTY = "longhand.ptx.ordinal";

    private static final String FILE = "libcuda.so.1";
    private static final String REMEDY_BUILD = "install a C++ compiler (g++) and build again";

    private static @Nullable PtxAvailability loaded;

    /** The failures that can be injected. */
    public enum Failure {
        /** No failure; cancels a pending one. */
        NONE(0),
        /** A device allocation fails: out of memory. */
        ALLOCATION(1),
        /** A launch fails: launch failure. */
        LAUNCH(2),
        /** A module load fails: invalid PTX. */
        MODULE_LOAD(3),
        /** A call of any kind and all calls after it fail: device lost. */
        DEVICE_LOST(4);

        private final int code;

        Failure(int code) {
            this.code = code;
        }
    }

    private interface Text {
        /**
         * Writes up to {@code capacity} bytes; returns the bytes of the whole text without its NUL.
         */
        long write(MemorySegment text, long capacity);
    }

    private final CudaLibrary library;

    private PtxDevice(CudaLibrary library) {
        this.library = library;
    }

    /** Loads the device at the first call and remembers the outcome. */
    public static synchronized PtxAvailability availability() {
        if (loaded == null) {
            loaded = load();
        }
        return loaded;
    }

    private static PtxAvailability load() {
        String path = System.getProperty(PATH_PROPERTY);
        CudaLibrary[] library = new CudaLibrary[1];
        try {
            if (path != null) {
                library[0] = use(Path.of(path));
            } else if (!PackedLibrary.load(
                    PtxDevice.class.getResourceAsStream(FILE),
                    FILE,
                    file -> library[0] = use(file))) {
                return new PtxAvailability.Absent(
                        "this build has no PTX device, as no C++ compiler was at hand",
                        REMEDY_BUILD);
            }
        } catch (CudaUnavailableException e) {
            return new PtxAvailability.Absent(e.reason(), e.remedy());
        } catch (IOException e) {
            return new PtxAvailability.Absent(
                    "the PTX device cannot be unpacked: " + e.getMessage(),
                    "check that the temporary folder can be written");
        }
        int version = PtxDeviceControl.ptx_device_abi();
        if (version != PtxDeviceControl.PTX_DEVICE_ABI()) {
            return new PtxAvailability.Absent(
                    "the PTX device has interface version %d, not %d"
                            .formatted(version, PtxDeviceControl.PTX_DEVICE_ABI()),
                    "build the project again");
        }
        return new PtxAvailability.Present(new PtxDevice(library[0]));
    }

    private static CudaLibrary use(Path file) {
        CudaLibrary library = CudaLibrary.at(file);
        library.load();
        return library;
    }

    /** The ordinal of the device to open; see {@link #ORDINAL_PROPERTY}. */
    public static int ordinal() {
        return Integer.getInteger(ORDINAL_PROPERTY, 0);
    }

    /** The library to open a device with. */
    public CudaLibrary library() {
        return library;
    }

    /** Sets the order of streams, blocks and warps: 0 ascending, 1 descending, else shuffled. */
    public void seed(long seed) {
        PtxDeviceControl.ptx_device_seed(seed);
    }

    /** The findings (detected errors) since the last {@link #clear}, one line each. */
    public List<String> findings() {
        return read(PtxDeviceControl::ptx_device_findings).lines().toList();
    }

    /** The counters since the last {@link #clear}: a JSON array with one object per kernel name. */
    public String countersJson() {
        return read(PtxDeviceControl::ptx_device_counters);
    }

    /** Clears findings and counters. */
    public void clear() {
        PtxDeviceControl.ptx_device_clear();
    }

    /**
     * Makes a future call fail once; a lost device stays lost.
     *
     * @param after the number of the call among those of its kind from now on: 1 is the next;
     *     ignored for {@link Failure#NONE}
     * @throws IllegalArgumentException if {@code after} is below 1
     */
    public void fail(Failure what, long after) {
        if (after < 1 && what != Failure.NONE) {
            throw new IllegalArgumentException("calls are counted from 1, not " + after);
        }
        PtxDeviceControl.ptx_device_fail(what.code, after);
    }

    /** The number of live device allocations, streams, events, graphs and modules. */
    public long live() {
        return PtxDeviceControl.ptx_device_live();
    }

    /** Bytes copied from the host since the last {@link #clear}. */
    public long bytesToDevice() {
        return PtxDeviceControl.ptx_device_bytes_to_device();
    }

    /** Bytes copied to the host since the last {@link #clear}. */
    public long bytesToHost() {
        return PtxDeviceControl.ptx_device_bytes_to_host();
    }

    private static String read(Text source) {
        long capacity = 1 + source.write(MemorySegment.NULL, 0);
        while (true) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment text = arena.allocate(capacity);
                long needed = 1 + source.write(text, capacity);
                if (needed <= capacity) {
                    return text.getString(0);
                }
                capacity = needed; // it has grown meanwhile
            }
        }
    }
}
