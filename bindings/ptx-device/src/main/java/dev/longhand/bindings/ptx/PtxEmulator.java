package dev.longhand.bindings.ptx;

import dev.longhand.bindings.cuda.CudaEmulator;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaUnavailableException;

/** The service that offers the PTX device as a CUDA device. */
public final class PtxEmulator implements CudaEmulator {
    /** Creates the service; does not load the device yet. */
    public PtxEmulator() {}

    @Override
    public String deviceName() {
        return PtxDevice.NAME;
    }

    @Override
    public CudaLibrary library() {
        return switch (PtxDevice.availability()) {
            case PtxAvailability.Present present -> present.device().library();
            case PtxAvailability.Absent absent ->
                    throw new CudaUnavailableException(absent.cause(), absent.remedy());
        };
    }

    @Override
    public int ordinal() {
        return PtxDevice.ordinal();
    }
}
