package dev.longhand.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.kvcache.KvShape;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

/** Logits at positions far into the context: the RoPE table is exact and no error accumulates. */
class LongContextTest {
    @Test
    void logitsAtPositions16000And32000() {
        TestDevices.require(Device.CPU);
        JsonNode golden = Goldens.read(Goldens.LONG.resolve("golden.json"));
        int[] prompt = prompt(golden.get("prompt"));
        double worst = 0;
        try (StepRunner runner = new StepRunner(Goldens.LONG, Device.CPU, 2, 512, prompt.length)) {
            runner.takePages(KvShape.pagesFor(prompt.length));
            int done = 0;
            for (JsonNode wanted : golden.get("positions")) {
                int position = wanted.get("position").asInt();
                while (done <= position) {
                    int end = Math.min(position + 1, done + 512);
                    runner.step(prompt, done, end);
                    done = end;
                }
                float[] logits = runner.logits(0);
                assertEquals(wanted.get("logits").size(), logits.length);
                for (int i = 0; i < logits.length; i++) {
                    double error = Math.abs(wanted.get("logits").get(i).asDouble() - logits[i]);
                    worst = Math.max(worst, error);
                }
            }
        }
        System.out.printf("position 15,999 to 31,999: largest logit error %.1e%n", worst);
        assertTrue(worst <= 1e-3, "error " + worst);
    }

    /** Returns the prompt of the linear congruential generator that the golden describes. */
    private static int[] prompt(JsonNode rule) {
        int vocabulary = ModelConfig.read(Goldens.LONG).vocabSize();
        long x = rule.get("start").asLong();
        int[] prompt = new int[rule.get("length").asInt()];
        for (int i = 0; i < prompt.length; i++) {
            x =
                    (rule.get("multiplier").asLong() * x + rule.get("increment").asLong())
                            % rule.get("modulus").asLong();
            prompt[i] = (int) ((x >> rule.get("shift").asInt()) % vocabulary);
        }
        return prompt;
    }
}
