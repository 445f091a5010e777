package dev.longhand.bench.generation;

import dev.longhand.bench.kernels.RandomBlock;
import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.NormModule;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.architecture.Projection.Group;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.model.DecoderModel;
import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A model with random weights that no disk ever holds: every matrix is a copy of one block of host
 * memory. Times of steps do not depend on the values of weights; its texts are meaningless.
 */
final class RandomModel {
    private final ComputeBackend backend;
    private final ModelConfig config;
    private final DType dtype;
    private final RandomBlock block;
    private final DecoderModel model;

    /**
     * Places the weights on a backend.
     *
     * @param arena holds what the backend reads; closed by the caller, after the backend
     * @param config of a family without norms of heads and outputs, such as Qwen2.5
     * @param dtype BF16, or the dtype to which linear layers are quantised
     * @param size the largest step
     */
    RandomModel(
            Arena arena, ComputeBackend backend, ModelConfig config, DType dtype, StepSize size) {
        this.backend = backend;
        this.config = config;
        this.dtype = dtype;
        ModelLayout layout = config.layout();
        long largest =
                layout.matrices().values().stream()
                        .mapToLong(matrix -> DType.BF16.bytes(matrix.shape()))
                        .max()
                        .orElseThrow();
        block = new RandomBlock(arena, largest);
        model = new DecoderModel(weights(layout), config, backend, backend, size, arena, () -> {});
    }

    /** Returns the bytes of the weights that a device holds. */
    static long weightBytes(ModelConfig config, DType dtype) {
        ModelLayout layout = config.layout();
        LinearModule embedding = layout.embedding();
        long bytes = DType.BF16.bytes(embedding.shape());
        for (LinearModule matrix : layout.matrices().values()) {
            boolean embeds = matrix.name().equals(embedding.name());
            bytes += embeds ? 0 : dtype.bytes(matrix.shape());
        }
        boolean copiedHead = layout.tied() && dtype.quantized();
        return bytes + (copiedHead ? dtype.bytes(embedding.shape()) : 0);
    }

    /** Returns the bytes of an adapter of all linear layers, in bf16. */
    static long adapterBytes(ModelConfig config, int rank) {
        long widths = 0;
        for (LayerLayout layer : config.layout().layers()) {
            for (Projection projection : Projection.values()) {
                LinearModule linear = layer.linear(projection);
                widths += linear.inputs() + linear.outputs();
            }
        }
        return 2L * rank * widths;
    }

    private DecoderWeights weights(ModelLayout layout) {
        Tensor embedding = backend.place(view(layout.embedding()));
        List<DecoderWeights.Layer> layers = layout.layers().stream().map(this::layer).toList();
        boolean shared = layout.tied() && !dtype.quantized();
        Tensor head = shared ? embedding : matrix(layout.head()).weights();
        return new DecoderWeights(
                embedding,
                layers,
                norm(layout.finalNorm()),
                backend.linear(List.of(new LinearMatrix(head, null))));
    }

    private DecoderWeights.Layer layer(LayerLayout layer) {
        return new DecoderWeights.Layer(
                norm(layer.inputNorm()),
                null,
                backend.linear(
                        List.of(
                                matrix(layer.linear(Projection.Q)),
                                matrix(layer.linear(Projection.K)),
                                matrix(layer.linear(Projection.V)))),
                backend.linear(List.of(matrix(layer.linear(Projection.O)))),
                null,
                norm(layer.mlpNorm()),
                backend.gatedLinear(
                        matrix(layer.linear(Projection.GATE)), matrix(layer.linear(Projection.UP))),
                backend.linear(List.of(matrix(layer.linear(Projection.DOWN)))),
                null);
    }

    private Norm norm(NormModule module) {
        return new Norm(backend.place(block.ones(module.width())), config.rmsNormEps());
    }

    private HostTensor view(LinearModule module) {
        return block.view(module.outputs(), module.inputs());
    }

    private LinearMatrix matrix(LinearModule module) {
        HostTensor view = view(module);
        Tensor weights = dtype.quantized() ? backend.quantize(view, dtype) : backend.place(view);
        Tensor bias = module.biased() ? backend.place(block.ones(module.outputs())) : null;
        return new LinearMatrix(weights, bias);
    }

    /** Loads an adapter of all linear layers; the caller closes it. */
    LoraAdapter adapter(int rank) {
        List<LoraDelta> deltas = new ArrayList<>();
        for (DecoderWeights.Layer layer : model.weights().layers()) {
            for (Group group : Group.values()) {
                Linear linear = layer.group(group);
                Map<Integer, LoraMatrix> changes = new HashMap<>();
                for (int i = 0; i < linear.matrices().size(); i++) {
                    int outputs = linear.matrices().get(i).outputs();
                    HostTensor a = block.view(rank, linear.inputs());
                    changes.put(i, new LoraMatrix(a, block.view(outputs, rank), 1));
                }
                deltas.add(new LoraDelta(linear, changes));
            }
        }
        return backend.adapter(deltas);
    }

    DecoderModel model() {
        return model;
    }
}
