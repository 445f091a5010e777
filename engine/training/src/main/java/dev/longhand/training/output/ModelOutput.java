package dev.longhand.training.output;

import dev.longhand.training.model.TrainableModel;

import java.io.IOException;
import java.nio.file.Path;

/** Writes the trained tensors of a model as a folder that engines load. */
public interface ModelOutput {
    /**
     * Writes a folder.
     *
     * @param folder exists and is empty
     * @throws IOException if a write fails
     */
    void write(Path folder, TrainableModel model) throws IOException;

    /** Returns the size of the folder in bytes, without small files. */
    long bytes(TrainableModel model);
}
