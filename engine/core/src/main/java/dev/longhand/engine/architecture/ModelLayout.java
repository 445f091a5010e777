package dev.longhand.engine.architecture;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a model: their names in a checkpoint, shapes, biases, how the matrices of a layer
 * are grouped, and which of them adapters may change. Whatever reads, quantises, counts, adapts or
 * generates weights asks this one description.
 *
 * @param embedding [vocabulary, hidden]
 * @param layerList the module that holds the layers, for example {@code model.layers}
 * @param layers at least one, all of the same shapes
 * @param finalNorm in front of the head
 * @param head logits from hidden: a module of its own, or the embedding where that is tied
 */
public record ModelLayout(
        LinearModule embedding,
        String layerList,
        List<LayerLayout> layers,
        NormModule finalNorm,
        LinearModule head) {
    /** Of modules. */
    public ModelLayout {
        layers = List.copyOf(layers);
    }

    /** Whether the head is the embedding. */
    public boolean tied() {
        return head.equals(embedding);
    }

    /** The module of a projection of a layer. */
    public LinearModule linear(AdapterTarget target) {
        return layers.get(target.layer()).linear(target.projection());
    }

    /**
     * All linear layers by the names of their weights, in the order of the model, the head last.
     */
    public Map<String, LinearModule> matrices() {
        Map<String, LinearModule> matrices = new LinkedHashMap<>();
        for (LayerLayout layer : layers) {
            layer.linears().values().forEach(module -> matrices.put(module.weight(), module));
        }
        matrices.put(head.weight(), head);
        return matrices;
    }

    /** What adapters may change, by the names of the modules and in the order of the model. */
    public Map<String, AdapterTarget> adapterTargets() {
        Map<String, AdapterTarget> targets = new LinkedHashMap<>();
        for (int i = 0; i < layers.size(); i++) {
            for (Map.Entry<Projection, LinearModule> linear : layers.get(i).linears().entrySet()) {
                targets.put(linear.getValue().name(), new AdapterTarget(i, linear.getKey()));
            }
        }
        return targets;
    }

    /** Elements of all norms and biases together. */
    public long vectorElements() {
        long elements = finalNorm.width();
        for (LayerLayout layer : layers) {
            elements += layer.inputNorm().width() + layer.postAttentionNorm().width();
            for (LinearModule module : layer.linears().values()) {
                elements += module.biased() ? module.outputs() : 0;
            }
        }
        return elements;
    }

    /** Elements of all tensors of a checkpoint; a tied head counts once. */
    public long parameters() {
        long elements = vectorElements() + (tied() ? 0 : embedding.shape().elements());
        for (LinearModule module : matrices().values()) {
            elements += module.shape().elements();
        }
        return elements;
    }

    /** Width of what a group reads, the same in every layer. */
    public int inputs(Projection.Group group) {
        return layers.getFirst().linears().entrySet().stream()
                .filter(linear -> linear.getKey().group() == group)
                .mapToInt(linear -> linear.getValue().inputs())
                .max()
                .orElseThrow();
    }

    /** Width of what a group writes, its projections side by side; the same in every layer. */
    public int outputs(Projection.Group group) {
        return layers.getFirst().linears().entrySet().stream()
                .filter(linear -> linear.getKey().group() == group)
                .mapToInt(linear -> linear.getValue().outputs())
                .sum();
    }
}
