package dev.longhand.bindings.cuda;

import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * JCuda's objects with readable handles: JCuda needs its own object to destroy a resource, while
 * every other call needs the handle.
 */
final class JCudaHandles {
    private JCudaHandles() {}

    static final class Context extends CUcontext {
        long handle() {
            return getNativePointer();
        }
    }

    static final class Module extends CUmodule {
        long handle() {
            return getNativePointer();
        }
    }

    static final class Function extends CUfunction {
        final long module;
        final String name;

        Function(long module, String name) {
            this.module = module;
            this.name = name;
        }

        long handle() {
            return getNativePointer();
        }
    }

    static final class Stream extends CUstream {
        long handle() {
            return getNativePointer();
        }
    }

    static final class Event extends CUevent {
        long handle() {
            return getNativePointer();
        }
    }

    static final class Graph extends CUgraphExec {
        long handle() {
            return getNativePointer();
        }
    }

    static final class DeviceMemory extends CUdeviceptr {
        long address() {
            return getNativePointer();
        }
    }

    /** Any host address; JCuda itself supports only arrays and buffers. */
    static final class HostMemory extends Pointer {
        /** Creates a pointer to a native segment, which must outlive the call. */
        HostMemory(MemorySegment segment) {
            super(segment.address());
        }
    }

    /** A device address as the pointer that JCuda expects. */
    static final class DeviceAddress extends Pointer {
        DeviceAddress(long address) {
            super(address);
        }
    }

    /** Returns a looked-up object, or throws if it is null. */
    static <T> T known(@Nullable T thing, String name) {
        if (thing == null) {
            throw new IllegalArgumentException("not a living %s of this driver".formatted(name));
        }
        return thing;
    }
}
