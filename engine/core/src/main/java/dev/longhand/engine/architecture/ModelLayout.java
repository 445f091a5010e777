package dev.longhand.engine.architecture;

import dev.longhand.kernels.tensor.Shape;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a model: names in a checkpoint, shapes, biases, the grouping of a layer's
 * matrices, and the targets of adapters. All code that reads, quantises, counts, adapts or
 * generates weights uses this one description.
 *
 * @param embedding [vocabulary, hidden]
 * @param layerList name of the module that holds the layers, for example {@code model.layers}
 * @param layers transformer layers, at least one, all of the same shapes
 * @param finalNorm norm before the head
 * @param head maps hidden to logits: a module of its own, or the embedding if they are tied
 */
public record ModelLayout(
        LinearModule embedding,
        String layerList,
        List<LayerLayout> layers,
        NormModule finalNorm,
        LinearModule head) {
    /** Copies the list of layers. */
    public ModelLayout {
        layers = List.copyOf(layers);
    }

    /** Returns whether the head is the embedding. */
    public boolean tied() {
        return head.equals(embedding);
    }

    /** Returns the module that a target denotes. */
    public LinearModule linear(AdapterTarget target) {
        return layers.get(target.layer()).linear(target.projection());
    }

    /** Returns all linear layers by weight name, in model order with the head last. */
    public Map<String, LinearModule> matrices() {
        Map<String, LinearModule> matrices = new LinkedHashMap<>();
        for (LayerLayout layer : layers) {
            layer.linears().values().forEach(module -> matrices.put(module.weight(), module));
        }
        matrices.put(head.weight(), head);
        return matrices;
    }

    /** Returns the shapes of a checkpoint's tensors by name, in model order; a tied head is one. */
    public Map<String, Shape> tensors() {
        Map<String, Shape> tensors = new LinkedHashMap<>();
        tensors.put(embedding.weight(), embedding.shape());
        for (LayerLayout layer : layers) {
            for (LinearModule module : layer.linears().values()) {
                tensors.put(module.weight(), module.shape());
                if (module.biased()) {
                    tensors.put(module.bias(), Shape.of(module.outputs()));
                }
            }
            layer.norms().forEach(norm -> tensors.put(norm.weight(), Shape.of(norm.width())));
        }
        tensors.put(finalNorm.weight(), Shape.of(finalNorm.width()));
        tensors.put(head.weight(), head.shape());
        return tensors;
    }

    /** Returns the targets of adapters by module name, in model order. */
    public Map<String, AdapterTarget> adapterTargets() {
        Map<String, AdapterTarget> targets = new LinkedHashMap<>();
        for (int i = 0; i < layers.size(); i++) {
            for (Map.Entry<Projection, LinearModule> linear : layers.get(i).linears().entrySet()) {
                targets.put(linear.getValue().name(), new AdapterTarget(i, linear.getKey()));
            }
        }
        return targets;
    }

    /** Returns the total number of elements of norms and biases. */
    public long vectorElements() {
        long elements = finalNorm.width();
        for (LayerLayout layer : layers) {
            elements += layer.norms().stream().mapToInt(NormModule::width).sum();
            for (LinearModule module : layer.linears().values()) {
                elements += module.biased() ? module.outputs() : 0;
            }
        }
        return elements;
    }

    /** Returns the total number of elements of a checkpoint's tensors; a tied head counts once. */
    public long parameters() {
        return tensors().values().stream().mapToLong(Shape::elements).sum();
    }

    /** Returns the input width of a group, the same in every layer. */
    public int inputs(Projection.Group group) {
        return layers.getFirst().linears().entrySet().stream()
                .filter(linear -> linear.getKey().group() == group)
                .mapToInt(linear -> linear.getValue().inputs())
                .max()
                .orElseThrow();
    }

    /**
     * Returns the output width of a group, the sum over its projections and the same in every
     * layer.
     */
    public int outputs(Projection.Group group) {
        return layers.getFirst().linears().entrySet().stream()
                .filter(linear -> linear.getKey().group() == group)
                .mapToInt(linear -> linear.getValue().outputs())
                .sum();
    }
}
