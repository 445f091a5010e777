package dev.longhand.training.model;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.NormModule;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.rope.RopeTable;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Builds the layers of a decoder in training over the weights of a checkpoint. */
final class DecoderTensors {
    private final TrainingBackend backend;
    private final ModelConfig model;
    private final ModelLayout layout;
    private final DecoderWeights weights;
    private final TrainingMethod method;
    private final Arena arena;
    private final List<TrainedValues> trained = new ArrayList<>();

    DecoderTensors(
            TrainingBackend backend,
            ModelConfig model,
            DecoderWeights weights,
            TrainingMethod method,
            Arena arena) {
        this.backend = backend;
        this.model = model;
        this.weights = weights;
        this.method = method;
        this.arena = arena;
        layout = model.layout();
    }

    /** Returns the trained tensors built so far, in the order of the model. */
    List<TrainedValues> trained() {
        return trained;
    }

    Weights embedding() {
        return weights(layout.embedding().weight(), weights.embedding());
    }

    List<TrainingLayer> layers() {
        HostTensor rope =
                RopeTable.build(
                        arena,
                        model.rope().inverseFrequencies(model.headDim()),
                        model.rope().attentionScaling(),
                        model.maxPositions());
        List<TrainingLayer> layers = new ArrayList<>();
        for (int i = 0; i < model.layers(); i++) {
            layers.add(layer(i, rope));
        }
        return layers;
    }

    /** Returns the head; it shares the embedding's tensor if the two are tied. */
    TrainingHead head(Weights embedding) {
        NormModule norm = layout.finalNorm();
        Weights finalNorm = weights(norm.weight(), weights.finalNorm().weight());
        Tensor matrix = weights.head().matrices().getFirst().weights();
        boolean shared = method instanceof FullSettings && layout.tied();
        Weights head = shared ? embedding : weights(layout.head().weight(), matrix);
        return new TrainingHead(backend, finalNorm, model.rmsNormEps(), head);
    }

    private TrainingLayer layer(int index, HostTensor rope) {
        LayerLayout layer = layout.layers().get(index);
        DecoderWeights.Layer placed = weights.layers().get(index);
        Weights inputNorm = weights(layer.inputNorm().weight(), placed.inputNorm().weight());
        Map<Projection, TrainingLinear> linears = new EnumMap<>(Projection.class);
        for (Projection projection : Projection.values()) {
            LinearMatrix matrix =
                    placed.group(projection.group()).matrices().get(projection.index());
            linears.put(projection, linear(layer.linear(projection), projection, matrix));
        }
        Weights middleNorm =
                weights(layer.postAttentionNorm().weight(), placed.postAttentionNorm().weight());
        return new TrainingLayer(backend, model, rope, inputNorm, middleNorm, linears);
    }

    private TrainingLinear linear(LinearModule module, Projection projection, LinearMatrix matrix) {
        Tensor bias = matrix.bias();
        return new TrainingLinear(
                backend,
                weights(module.weight(), matrix.weights()),
                bias == null ? null : weights(module.bias(), bias),
                method instanceof LoraSettings lora && lora.targets().contains(projection)
                        ? lora(lora, module)
                        : null);
    }

    private TrainingLinear.Lora lora(LoraSettings lora, LinearModule module) {
        String name = module.name();
        TrainedValues a =
                zeros(name + ".lora_A.weight", Shape.of(lora.rank(), module.inputs()), false);
        TrainedValues b =
                zeros(name + ".lora_B.weight", Shape.of(module.outputs(), lora.rank()), false);
        return new TrainingLinear.Lora(a, b, lora.scale(), 1 - lora.dropout(), trained.size());
    }

    private Weights weights(String name, Tensor placed) {
        if (!(placed instanceof HostTensor host)) {
            throw new IllegalStateException(name + " is not in host memory");
        }
        if (!(method instanceof FullSettings full)) {
            return new Weights(host, null);
        }
        if (host.dtype().quantized()) {
            throw new InputException(
                    name
                            + " is quantised: train an adapter, or all weights of an unquantised"
                            + " checkpoint");
        }
        TrainedValues values = zeros(name, host.shape(), full.bf16() && host.shape().rank() > 1);
        values.set(host);
        values.publish(backend);
        return new Weights(null, values);
    }

    private TrainedValues zeros(String name, Shape shape, boolean bf16) {
        TrainedValues values = new TrainedValues(arena, name, shape, bf16);
        trained.add(values);
        return values;
    }
}
