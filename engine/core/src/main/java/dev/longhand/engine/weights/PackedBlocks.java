package dev.longhand.engine.weights;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.gguf.BlockReader;
import dev.longhand.engine.gguf.GgufTensor;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.QuantizedMatrix;
import dev.longhand.kernels.tensor.Shape;

import java.util.Optional;
import java.util.stream.IntStream;

/** A matrix that a GGUF file stores in blocks of quantised weights. */
public final class PackedBlocks implements PackedWeights {
    private final Checkpoint checkpoint;
    private final String name;
    private final GgufTensor tensor;

    private PackedBlocks(Checkpoint checkpoint, String name, GgufTensor tensor) {
        this.checkpoint = checkpoint;
        this.name = name;
        this.tensor = tensor;
    }

    /**
     * Returns a matrix of a checkpoint; empty if it is not stored in blocks.
     *
     * @param name of the tensor
     * @param shape [outputs, inputs] of the weights
     * @throws InputException if it has another shape
     */
    public static Optional<PackedBlocks> of(Checkpoint checkpoint, String name, Shape shape) {
        Optional<GgufTensor> tensor = checkpoint.blocks(name);
        tensor.ifPresent(blocks -> checkpoint.requireShape(name, blocks.shape(), shape));
        return tensor.map(blocks -> new PackedBlocks(checkpoint, name, blocks));
    }

    @Override
    public DType dtype() {
        return tensor.type().dtype();
    }

    @Override
    public long bytes() {
        return tensor.data().byteSize();
    }

    /**
     * {@inheritDoc}
     *
     * @throws InputException if a scale is not finite
     */
    @Override
    public void writeTo(HostTensor packed) {
        QuantizedMatrix matrix = new QuantizedMatrix(packed);
        int outputs = Math.toIntExact(tensor.shape().extent(0));
        IntStream.range(0, Math.ceilDiv(outputs, QuantizedMatrix.TILE_ROWS))
                .parallel()
                .forEach(tile -> writeTile(matrix, tile * QuantizedMatrix.TILE_ROWS, outputs));
    }

    /** Repacks a tile of adjacent rows, which share the cache lines of the layout. */
    private void writeTile(QuantizedMatrix matrix, int firstRow, int outputs) {
        int end = Math.min(outputs, firstRow + QuantizedMatrix.TILE_ROWS);
        BlockReader reader = BlockReader.of(tensor.type());
        long rowBlocks = tensor.shape().width() / tensor.type().blockWeights();
        long rowBytes = rowBlocks * tensor.type().blockBytes();
        for (int block = 0; block < rowBlocks; block++) {
            for (int row = firstRow; row < end; row++) {
                long at =
                        tensor.storedRow(row) * rowBytes
                                + (long) block * tensor.type().blockBytes();
                if (!reader.repack(tensor.data(), at, matrix, row, block)) {
                    throw new InputException(
                            "%s: tensor %s has NaN or infinity in row %d"
                                    .formatted(checkpoint.path(), ErrorText.quote(name), row));
                }
            }
        }
    }

    @Override
    public void unload() {
        if (tensor.data().isMapped()) {
            tensor.data().unload();
        }
    }
}
