package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;
import dev.longhand.bindings.library.PackedLibrary;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The CPU kernel library, loaded once per JVM. It is unpacked from the class path into a private
 * folder that is deleted as soon as the library is mapped; the system property {@value
 * #PATH_PROPERTY} names another file instead.
 */
public final class CpuLibrary {
    /** Names a library file to load instead of the packed one. */
    public static final String PATH_PROPERTY = "longhand.cpu.library";

    private static final String FILE = "liblonghand_cpu.so";
    private static final String REMEDY_BUILD = "install a C compiler (gcc) and build again";

    private static @Nullable CpuAvailability loaded;

    private CpuLibrary() {}

    /**
     * Loads the library at the first call and remembers the outcome.
     *
     * @param owner a class that looks up the resource
     * @param folder the folder of the resource, absolute or relative to the owner's package
     */
    public static synchronized CpuAvailability availability(Class<?> owner, String folder) {
        if (loaded == null) {
            loaded = load(owner, folder);
        }
        return loaded;
    }

    private static CpuAvailability load(Class<?> owner, String folder) {
        String path = System.getProperty(PATH_PROPERTY);
        try {
            if (path != null) {
                System.load(Path.of(path).toAbsolutePath().toString());
            } else if (!PackedLibrary.load(
                    owner.getResourceAsStream(folder + "/" + FILE),
                    FILE,
                    file -> System.load(file.toString()))) {
                return new CpuAvailability.Absent(
                        "this build has no CPU kernels, as no C compiler was at hand",
                        REMEDY_BUILD);
            }
        } catch (IOException | UnsatisfiedLinkError e) {
            return new CpuAvailability.Absent(
                    "the CPU kernels cannot be loaded: " + e.getMessage(), REMEDY_BUILD);
        }
        int version = LonghandCpu.lh_abi_version();
        if (version != LonghandCpu.LH_ABI_VERSION()) {
            return new CpuAvailability.Absent(
                    "the CPU kernels have interface version %d, not %d"
                            .formatted(version, LonghandCpu.LH_ABI_VERSION()),
                    "build the project again");
        }
        return new CpuAvailability.Present(new CpuLibrary());
    }

    /** Instruction sets that this processor can run, best first. */
    public List<String> isaNames() {
        List<String> names = new ArrayList<>();
        for (MemorySegment name = LonghandCpu.lh_isa_name(0);
                !name.equals(MemorySegment.NULL);
                name = LonghandCpu.lh_isa_name(names.size())) {
            names.add(name.getString(0));
        }
        return List.copyOf(names);
    }

    /**
     * Starts a context.
     *
     * @param isa one of {@link #isaNames}, or null for the best
     * @param threads at least 1; the calling thread is one of them
     */
    public CpuContext open(@Nullable String isa, int threads) {
        return new CpuContext(isa, threads);
    }

    /**
     * Asks the system to back memory that has not been touched yet with huge pages; with fewer
     * pages to look up, a processor reads faster. For a mapped file Linux grants them if its file
     * system and the page cache support them (ext4 since 6.16).
     */
    public void preferHugePages(MemorySegment memory) {
        LonghandCpu.lh_memory_prefer_huge(memory, memory.byteSize());
    }

    /**
     * Watches a file that is mapped as a whole; empty if the system refuses.
     *
     * @param arena of the mapping; ends the watch
     */
    public Optional<FileWatch> watch(Path file, MemorySegment mapping, Arena arena) {
        return FileWatch.of(file, mapping, arena);
    }

    /** Reserves zeroed memory. */
    public NativeMemory reserve(long bytes) {
        return new NativeMemory(bytes);
    }
}
