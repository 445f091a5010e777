package dev.longhand.kernels;

/** The backend that was asked for cannot be had; the message says why and what would help. */
public final class BackendUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BackendUnavailableException(Device device, String cause, String remedy) {
        super("device %s: %s; %s".formatted(device.name(), cause, remedy));
    }
}
