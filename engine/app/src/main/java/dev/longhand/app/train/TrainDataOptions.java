package dev.longhand.app.train;

import dev.longhand.training.data.DataRules;
import dev.longhand.training.data.EndToken;
import dev.longhand.training.data.LearnedTurns;
import dev.longhand.training.data.Overlength;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.List;

/** Options of the data that is learned. */
final class TrainDataOptions {
    @Option(
            names = "--data",
            required = true,
            arity = "1..*",
            paramLabel = "FILE",
            description =
                    "JSON lines or arrays, also gzipped: ShareGPT, messages, Alpaca,"
                            + " prompt/completion, or input_ids and labels.")
    private List<Path> files = List.of();

    @Option(
            names = "--eval",
            arity = "1..*",
            paramLabel = "FILE",
            description = "Data for evaluations, which is not learned.")
    private List<Path> evaluationFiles = List.of();

    @Option(
            names = "--end-token",
            paramLabel = "TOKEN",
            defaultValue = "im_end",
            description = "The end of an answer: im_end, endoftext (the study) or im_end_newline.")
    private EndToken endToken = EndToken.IM_END;

    @Option(
            names = "--turns",
            paramLabel = "TURNS",
            defaultValue = "all",
            description = "The turns of the assistant that are learned: all or last.")
    private LearnedTurns turns = LearnedTurns.ALL;

    @Option(
            names = "--max-length",
            paramLabel = "N",
            defaultValue = "16384",
            description = "Longest demonstration in tokens (default: ${DEFAULT-VALUE}).")
    private int tokensMax;

    @Option(
            names = "--overlength",
            paramLabel = "HOW",
            defaultValue = "drop",
            description = "Longer ones: drop (counted), truncate (their end) or raise an error.")
    private Overlength overlength = Overlength.DROP;

    List<Path> files() {
        return files;
    }

    List<Path> evaluationFiles() {
        return evaluationFiles;
    }

    DataRules rules() {
        return new DataRules(endToken, turns, overlength, tokensMax);
    }
}
