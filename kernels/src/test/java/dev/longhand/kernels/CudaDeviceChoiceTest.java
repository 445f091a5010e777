package dev.longhand.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.OptionalInt;

class CudaDeviceChoiceTest {
    private static final CudaDevice DISPLAY = device(0, "GTX 1050", 6, 4);
    private static final CudaDevice SMALL = device(1, "RTX 4090", 8, 24);
    private static final CudaDevice LARGE = device(2, "H100", 9, 80);
    private static final CudaDevice TWIN = device(3, "H100", 9, 80);

    private static CudaDevice device(int ordinal, String name, int computeMajor, long gigabytes) {
        return new CudaDevice(ordinal, name, computeMajor, 0, 12_040, gigabytes << 30);
    }

    private static CudaDeviceChoice choice(OptionalInt ordinal, CudaDevice... devices) {
        return CudaDeviceChoice.of(new CudaAvailability.Present(12_040, List.of(devices)), ordinal);
    }

    private static void chosen(CudaDevice expected, CudaDeviceChoice choice) {
        assertEquals(new CudaDeviceChoice.Chosen(expected), choice);
    }

    private static String none(CudaDeviceChoice choice) {
        CudaDeviceChoice.None none = assertInstanceOf(CudaDeviceChoice.None.class, choice);
        return none.cause() + "; " + none.remedy();
    }

    @Test
    void aDisplayCardInTheFirstSlotHidesNothing() {
        chosen(LARGE, choice(OptionalInt.empty(), DISPLAY, SMALL, LARGE, TWIN));
        chosen(SMALL, choice(OptionalInt.empty(), DISPLAY, SMALL));
    }

    @Test
    void aNumberNamesItsDevice() {
        chosen(SMALL, choice(OptionalInt.of(1), DISPLAY, SMALL, LARGE));
        chosen(TWIN, choice(OptionalInt.of(3), DISPLAY, SMALL, LARGE, TWIN));
    }

    @Test
    void saysWhyThereIsNone() {
        assertTrue(none(choice(OptionalInt.empty(), DISPLAY)).startsWith("GTX 1050 is older"));
        assertTrue(none(choice(OptionalInt.of(0), DISPLAY, LARGE)).startsWith("GTX 1050 is older"));
        assertEquals(
                "the driver has no device 7; its devices are cuda:1 (RTX 4090), cuda:2 (H100)",
                none(choice(OptionalInt.of(7), SMALL, LARGE)));
        assertEquals(
                "no driver; install one",
                none(
                        CudaDeviceChoice.of(
                                new CudaAvailability.Absent("no driver", "install one"),
                                OptionalInt.of(1))));
    }

    @Test
    void namesOfNumberedDevices() {
        assertEquals(OptionalInt.of(1), Device.of("CUDA:1").ordinal());
        assertTrue(Device.of("cuda:12").offered());
        assertEquals(OptionalInt.empty(), Device.CUDA.ordinal());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuda:", "cuda:-1", "cuda:x", "cuda:1000", "cpu:0", "cuda:0,1"})
    void namesThatAreRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> Device.of(name));
    }
}
