package dev.longhand.kernels;

/** The requested backend is not available; the message gives the cause and a remedy. */
public final class BackendUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BackendUnavailableException(Device device, String cause, String remedy) {
        super("device %s: %s; %s".formatted(device.name(), cause, remedy));
    }
}
