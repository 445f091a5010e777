package dev.longhand.service;

import dev.longhand.engine.generation.GenerationEvent;

import java.util.Map;

/**
 * Measures one generation from its events. The line protocol adds the figures to the generation's
 * {@code done} event. One thread uses an instance, so it needs no synchronisation.
 */
public interface GenerationInstrument {
    /** Takes the next event of the generation; must not block. */
    void observe(GenerationEvent event);

    /** The JSON field under which the figures appear. */
    String name();

    /** The figures of the generation, by name; called once, after the last event. */
    Map<String, Integer> figures();
}
