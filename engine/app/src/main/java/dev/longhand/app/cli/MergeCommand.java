package dev.longhand.app.cli;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.lora.Adapter;
import dev.longhand.engine.lora.AdapterReader;
import dev.longhand.engine.lora.MergedCheckpoint;
import dev.longhand.engine.weights.Checkpoint;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code longhand merge}: merges an adapter into a checkpoint that other engines can load. */
@Command(
        name = "merge",
        description = "Writes a checkpoint with an adapter merged into it; resumes if interrupted.")
public final class MergeCommand implements Callable<Integer> {
    @Mixin private ModelFolder model = new ModelFolder();

    @Option(
            names = "--adapter",
            required = true,
            paramLabel = "DIR",
            description = "PEFT folder of the adapter, or its name in the Hub's cache.")
    private Path adapter = Path.of("");

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder to write; must not exist or be empty.")
    private Path out = Path.of("");

    @Mixin private ThreadOption threads = new ThreadOption();

    @Override
    public Integer call() {
        ModelConfig config = ModelConfig.read(model.path());
        try (Checkpoint base = Checkpoint.open(model.path());
                Adapter content =
                        new AdapterReader(config).read(ModelFolder.resolve(adapter), bytes -> {});
                LoadBar bar = new LoadBar("merging")) {
            new MergedCheckpoint(base, config, content, out, bar).write(threads.count());
            bar.finish();
            System.err.printf(
                    "%s: %d matrices changed, rank up to %d, adapter %s%n",
                    out, content.changes().size(), content.rankMax(), content.identity());
        }
        return 0;
    }
}
