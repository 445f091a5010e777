package dev.longhand.engine;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.generation.GenerationDefaults;
import dev.longhand.engine.status.MemoryPlan;

/**
 * A model and the memory that an engine would take for it, from {@link Engine#inspect}.
 *
 * @param model settings of {@code config.json}
 * @param defaults settings of {@code generation_config.json}
 * @param sampledTokens tokens that may be sampled; further rows of the vocabulary are padding
 * @param tensors tensors of the checkpoint
 * @param weights formats of the linear layers
 * @param contextTokensMax longest sequence that the engine would admit, in tokens
 * @param fullContexts sequences of that length that fit into memory together, at most {@link
 *     EngineConfig#sequencesMax}
 * @param memory memory that the engine would take
 * @param memoryTable table of the devices on which a model of this shape fits, in several formats
 *     and contexts
 */
public record ModelSummary(
        ModelConfig model,
        GenerationDefaults defaults,
        int sampledTokens,
        int tensors,
        String weights,
        int contextTokensMax,
        int fullContexts,
        MemoryPlan memory,
        String memoryTable) {}
