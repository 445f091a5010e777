package dev.longhand.study.keywords;

import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.service.GenerationInstrument;

import java.util.Map;

/**
 * Counts the {@link ReflectionKeywords} of one generation, thought and answer together, and reports
 * them as {@code keywords}.
 */
public final class KeywordInstrument implements GenerationInstrument {
    private final KeywordCounter counter = new KeywordCounter();

    /** Creates an instrument that has counted nothing. */
    public KeywordInstrument() {}

    @Override
    public void observe(GenerationEvent event) {
        switch (event) {
            case GenerationEvent.TokenEmitted token -> counter.append(token.text());
            case GenerationEvent.Finished end -> counter.append(end.rest());
            case GenerationEvent.Failed failed -> {}
        }
    }

    /** Ends the text and returns its counts; call after the last event. */
    public KeywordCounts counts() {
        return counter.finish();
    }

    @Override
    public String name() {
        return "keywords";
    }

    @Override
    public Map<String, Integer> figures() {
        return counts().byPhrase();
    }
}
