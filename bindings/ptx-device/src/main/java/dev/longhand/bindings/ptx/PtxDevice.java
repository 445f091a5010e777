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
 * The PTX device's own controls: what it found, what it counted, what shall fail. There is one per
 * process, and a process that has it can use no other CUDA driver. It comes out of the class path;
 * the system property {@value #PATH_PROPERTY} names another file instead.
 */
public final class PtxDevice {
    /** The name under which {@link PtxEmulator} offers it. */
    public static final String NAME = "ptx";

    /** Names a library file to load instead of the packed one. */
    public static final String PATH_PROPERTY = "longhand.ptx.library";

    /** The number of the device to use: 0 has compute capability 8.0, as by default, 1 has 9.0. */
    public static final String ORDINAL_PROPERTY = "longhand.ptx.ordinal";

    private static final String FILE = "libcuda.so.1";
    private static final String REMEDY_BUILD = "install a C++ compiler (g++) and build again";

    private static @Nullable PtxAvailability loaded;

    /** What the device can be told to fail at. */
    public enum Failure {
        /** Nothing; takes back what was told before. */
        NONE(0),
        /** A device allocation: out of memory. */
        ALLOCATION(1),
        /** A launch: launch failure. */
        LAUNCH(2),
        /** A module load: invalid PTX. */
        MODULE_LOAD(3),
        /** Any call, and all that follow it: device lost. */
        DEVICE_LOST(4);

        private final int code;

        Failure(int code) {
            this.code = code;
        }
    }

    private interface Text {
        /** Writes up to the capacity, returns the bytes that all would need without the NUL. */
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

    /** Which device of the library to open; see {@link #ORDINAL_PROPERTY}. */
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

    /** What was found wrong since the last {@link #clear}, each in one line. */
    public List<String> findings() {
        return read(PtxDeviceControl::ptx_device_findings).lines().toList();
    }

    /** A JSON array with one object per kernel name: what it did since the last {@link #clear}. */
    public String countersJson() {
        return read(PtxDeviceControl::ptx_device_counters);
    }

    /** Forgets findings and counters. */
    public void clear() {
        PtxDeviceControl.ptx_device_clear();
    }

    /**
     * Has a call fail once; a lost device stays lost.
     *
     * @param after which of its kind from now: 1 is the next; of no matter to {@link Failure#NONE}
     * @throws IllegalArgumentException if {@code after} is below 1
     */
    public void fail(Failure what, long after) {
        if (after < 1 && what != Failure.NONE) {
            throw new IllegalArgumentException("calls are counted from 1, not " + after);
        }
        PtxDeviceControl.ptx_device_fail(what.code, after);
    }

    /** Device allocations, streams, events, graphs and modules that are alive, in number. */
    public long live() {
        return PtxDeviceControl.ptx_device_live();
    }

    /** Bytes that copies from the host have moved since the last {@link #clear}. */
    public long bytesToDevice() {
        return PtxDeviceControl.ptx_device_bytes_to_device();
    }

    /** Bytes that copies to the host have moved since the last {@link #clear}. */
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
