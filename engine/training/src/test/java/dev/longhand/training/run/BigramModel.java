package dev.longhand.training.run;

import dev.longhand.kernels.tensor.Shape;
import dev.longhand.training.model.AdamWStep;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;
import dev.longhand.training.model.TrainingSequence;
import dev.longhand.training.output.ModelOutput;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A table of logits, [token, next token], learned by softmax regression; small and exact. */
final class BigramModel implements TrainableModel {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final int vocabulary;
    private final Arena arena = Arena.ofShared();
    private final TrainedTensor table;

    /** Weights of labels and their sequences' lengths, in the order of the calls. */
    final List<Double> weights = new ArrayList<>();

    final List<Long> dropoutKeys = new ArrayList<>();
    final List<AdamWStep> updates = new ArrayList<>();

    BigramModel(int vocabulary) {
        this.vocabulary = vocabulary;
        table =
                new TrainedTensor(
                        "table",
                        Shape.of(vocabulary, vocabulary),
                        floats(),
                        floats(),
                        floats(),
                        floats());
    }

    private MemorySegment floats() {
        return arena.allocate(FLOAT, (long) vocabulary * vocabulary);
    }

    @Override
    public List<TrainedTensor> tensors() {
        return List.of(table);
    }

    @Override
    public void clearGradients() {
        table.gradient().fill((byte) 0);
    }

    private double[] probabilities(int token) {
        double[] exponentials = new double[vocabulary];
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            exponentials[i] =
                    Math.exp(table.master().getAtIndex(FLOAT, (long) token * vocabulary + i));
            sum += exponentials[i];
        }
        for (int i = 0; i < vocabulary; i++) {
            exponentials[i] /= sum;
        }
        return exponentials;
    }

    @Override
    public double[] addGradients(List<TrainingSequence> microBatch) {
        return microBatch.stream().mapToDouble(this::addGradients).toArray();
    }

    private double addGradients(TrainingSequence sequence) {
        weights.add(sequence.labelWeight());
        dropoutKeys.add(sequence.dropoutKey());
        double loss = 0;
        for (int i = 1; i < sequence.ids().length; i++) {
            int label = sequence.labels()[i];
            if (label != TrainingSequence.NO_LABEL) {
                int token = sequence.ids()[i - 1];
                double[] probabilities = probabilities(token);
                loss -= sequence.labelWeight() * Math.log(probabilities[label]);
                for (int j = 0; j < vocabulary; j++) {
                    double change = probabilities[j] - (j == label ? 1 : 0);
                    long at = (long) token * vocabulary + j;
                    float before = table.gradient().getAtIndex(FLOAT, at);
                    table.gradient()
                            .setAtIndex(
                                    FLOAT, at, (float) (before + sequence.labelWeight() * change));
                }
            }
        }
        return loss;
    }

    @Override
    public Evaluation evaluate(TrainingSequence sequence) {
        int labels = 0;
        double loss = 0;
        int correct = 0;
        for (int i = 1; i < sequence.ids().length; i++) {
            int label = sequence.labels()[i];
            if (label != TrainingSequence.NO_LABEL) {
                double[] probabilities = probabilities(sequence.ids()[i - 1]);
                labels++;
                loss -= Math.log(probabilities[label]);
                int largest = 0;
                for (int j = 1; j < vocabulary; j++) {
                    largest = probabilities[j] > probabilities[largest] ? j : largest;
                }
                correct += largest == label ? 1 : 0;
            }
        }
        return new Evaluation(labels, loss, correct);
    }

    @Override
    public double gradientSquares() {
        double sum = 0;
        for (long i = 0; i < table.shape().elements(); i++) {
            double value = table.gradient().getAtIndex(FLOAT, i);
            sum += value * value;
        }
        return sum;
    }

    @Override
    public void update(AdamWStep step) {
        updates.add(step);
        for (long i = 0; i < table.shape().elements(); i++) {
            double gradient = table.gradient().getAtIndex(FLOAT, i) * step.gradientScale();
            double first =
                    step.beta1() * table.firstMoment().getAtIndex(FLOAT, i)
                            + (1 - step.beta1()) * gradient;
            double second =
                    step.beta2() * table.secondMoment().getAtIndex(FLOAT, i)
                            + (1 - step.beta2()) * gradient * gradient;
            double change =
                    first
                            / (1 - Math.pow(step.beta1(), step.count()))
                            / (Math.sqrt(second / (1 - Math.pow(step.beta2(), step.count())))
                                    + step.epsilon());
            table.firstMoment().setAtIndex(FLOAT, i, (float) first);
            table.secondMoment().setAtIndex(FLOAT, i, (float) second);
            float before = table.master().getAtIndex(FLOAT, i);
            table.master().setAtIndex(FLOAT, i, (float) (before - step.learningRate() * change));
        }
    }

    @Override
    public void publishMasters() {}

    @Override
    public void close() {
        arena.close();
    }

    /** Writes the table as raw bytes. */
    static final class Output implements ModelOutput {
        @Override
        public void write(Path folder, TrainableModel model) throws IOException {
            Files.write(
                    folder.resolve("table"),
                    model.tensors().getFirst().master().toArray(ValueLayout.JAVA_BYTE));
        }

        @Override
        public long bytes(TrainableModel model) {
            return model.tensors().getFirst().master().byteSize();
        }
    }
}
