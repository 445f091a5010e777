package dev.longhand.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EditDistanceTest {
    @ParameterizedTest
    @CsvSource({
        "'', abc, 3",
        "seed, seed, 0",
        "temprature, temperature, 1",
        "tempreature, temperature, 1",
        "kitten, sitting, 3",
        "ab, ba, 1",
        "ca, abc, 3"
    })
    void errors(String given, String name, int errors) {
        assertEquals(errors, EditDistance.between(given, name));
        assertEquals(errors, EditDistance.between(name, given));
    }
}
