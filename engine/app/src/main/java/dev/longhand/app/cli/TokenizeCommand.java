package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ModelFolderCheck;
import dev.longhand.engine.tokenizer.Tokenizer;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code longhand tokenize}: prints the token ids of a text. */
@Command(name = "tokenize", description = "Prints the token ids of a text.")
public final class TokenizeCommand implements Callable<Integer> {
    @Mixin private ModelFolder model = new ModelFolder();

    @Option(names = "--text", required = true, paramLabel = "T", description = "The text.")
    private String text = "";

    @Override
    public Integer call() {
        ModelFolderCheck.require(model.path());
        try (Tokenizer tokenizer =
                Tokenizer.open(model.path())
                        .orElseThrow(
                                () ->
                                        new InputException(
                                                model.path() + " has no tokenizer.json"))) {
            new Console()
                    .println(
                            Arrays.stream(tokenizer.encode(text))
                                    .mapToObj(Integer::toString)
                                    .collect(Collectors.joining(",")));
        }
        return 0;
    }
}
