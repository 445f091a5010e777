package dev.longhand.training.model;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.NormModule;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.HeadNorms;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.rope.RopeTable;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Builds the layers of a decoder in training over the weights of a checkpoint. */
final class DecoderTensors {
    private final TrainingBackend backend;
    private final ModelConfig model;
    private final ModelLayout layout;
    private final DecoderWeights weights;
    private final TrainingMethod method;
    private final Arena arena;
    private final TensorArena memory;
    private final @Nullable HostMoments moments;
    private final List<TrainedValues> trained = new ArrayList<>();

    DecoderTensors(
            TrainingBackend backend,
            ModelConfig model,
            DecoderWeights weights,
            DecoderOptions options,
            Arena arena,
            TensorArena memory) {
        this.backend = backend;
        this.model = model;
        this.weights = weights;
        method = options.method();
        this.arena = arena;
        this.memory = memory;
        moments = options.layout().momentsOnHost() ? new HostMoments(backend, memory, arena) : null;
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
        Tensor rope =
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
        Weights finalNorm = weights(norm, weights.finalNorm().weight());
        Tensor matrix = weights.head().matrices().getFirst().weights();
        boolean shared = method instanceof FullSettings && layout.tied();
        Weights head = shared ? embedding : weights(layout.head().weight(), matrix);
        return new TrainingHead(backend, model, finalNorm, head);
    }

    private TrainingLayer layer(int index, Tensor rope) {
        LayerLayout layer = layout.layers().get(index);
        DecoderWeights.Layer placed = weights.layers().get(index);
        Weights inputNorm = weights(layer.inputNorm(), placed.inputNorm().weight());
        HeadNorms heads = placed.headNorms();
        Weights queryNorm = heads == null ? null : weights(layer.queryNorm(), heads.query());
        Weights keyNorm = heads == null ? null : weights(layer.keyNorm(), heads.key());
        Map<Projection, TrainingLinear> linears = new EnumMap<>(Projection.class);
        for (Projection projection : Projection.values()) {
            LinearMatrix matrix =
                    placed.group(projection.group()).matrices().get(projection.index());
            linears.put(projection, linear(layer.linear(projection), projection, matrix));
        }
        Weights attentionNorm = outputNorm(layer.attentionNorm(), placed.attentionNorm());
        Weights middleNorm = weights(layer.mlpNorm(), placed.mlpNorm().weight());
        Weights outputNorm = outputNorm(layer.outputNorm(), placed.outputNorm());
        return new TrainingLayer(
                backend,
                model,
                model.attention(index),
                rope,
                inputNorm,
                queryNorm,
                keyNorm,
                attentionNorm,
                middleNorm,
                outputNorm,
                linears);
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
                zeros(name + ".lora_A.weight", Shape.of(lora.rank(), module.inputs()), 0, false);
        TrainedValues b =
                zeros(name + ".lora_B.weight", Shape.of(module.outputs(), lora.rank()), 0, false);
        return new TrainingLinear.Lora(a, b, lora.scale(), 1 - lora.dropout(), trained.size());
    }

    private @Nullable Weights outputNorm(@Nullable NormModule module, @Nullable Norm placed) {
        return placed == null ? null : weights(module, placed.weight());
    }

    private Weights weights(@Nullable NormModule norm, Tensor placed) {
        NormModule module = Objects.requireNonNull(norm);
        return weights(module.weight(), placed, module.base());
    }

    private Weights weights(String name, Tensor placed) {
        return weights(name, placed, 0);
    }

    private Weights weights(String name, Tensor placed, float base) {
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
        boolean copied = full.bf16() && host.shape().rank() > 1;
        TrainedValues values = zeros(name, host.shape(), base, copied);
        values.set(host);
        host.unload();
        return new Weights(null, values);
    }

    private TrainedValues zeros(String name, Shape shape, float base, boolean bf16) {
        TrainedValues values = new TrainedValues(backend, memory, name, shape, base, bf16, moments);
        trained.add(values);
        return values;
    }
}
