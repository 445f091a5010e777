package dev.longhand.app.train;

import dev.longhand.app.cli.ModelOptions.WeightFormats;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.file.Sha256;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.DeviceLayout;
import dev.longhand.training.model.FullSettings;
import dev.longhand.training.model.LoraSettings;
import dev.longhand.training.model.TrainingMethod;
import dev.longhand.training.output.AdapterOutput;
import dev.longhand.training.output.BlankCheckpoint;
import dev.longhand.training.output.CheckpointOutput;
import dev.longhand.training.output.Elements;
import dev.longhand.training.output.ModelOutput;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Options of what is trained: an adapter or all weights. */
final class TrainMethodOptions {
    /** What is trained. */
    enum Method {
        LORA,
        FULL
    }

    /** The precision of products and of the written weights. */
    enum Compute {
        F32,
        BF16
    }

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            defaultValue = "lora",
            description = "lora: an adapter; full: all weights.")
    private Method method = Method.LORA;

    @Option(
            names = "--rank",
            paramLabel = "R",
            defaultValue = "64",
            description = "Rank of the adapter (default: ${DEFAULT-VALUE}).")
    private int rank;

    @Option(
            names = "--alpha",
            paramLabel = "A",
            description = "The change is scaled by alpha over the rank (default: twice the rank).")
    private @Nullable Double alpha;

    @Option(names = "--rslora", description = "Scales by alpha over the root of the rank.")
    private boolean rsLora;

    @Option(
            names = "--targets",
            paramLabel = "NAMES",
            defaultValue = "all",
            split = ",",
            description = "Linear layers with an adapter: all, or names such as q_proj,v_proj.")
    private List<String> targets = List.of("all");

    @Option(
            names = "--dropout",
            paramLabel = "P",
            defaultValue = "0",
            description = "Share of the adapter's inputs that are zeroed.")
    private double dropout;

    @Option(
            names = "--lora-init",
            paramLabel = "DIR",
            description = "PEFT folder with the initial adapter, of the same rank and targets.")
    private @Nullable Path init;

    @Option(
            names = "--from-scratch",
            description = "With --method full: all weights are drawn anew, and none is kept.")
    private boolean fromScratch;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "With --from-scratch: the config.json of the new model, which keeps the"
                            + " tokenizer of --model. It may be of another size or family.")
    private @Nullable Path config;

    @Option(
            names = "--compute",
            paramLabel = "KIND",
            defaultValue = "f32",
            description =
                    "f32 or bf16: the precision of the factors of products, whose sums are f32.")
    private Compute compute = Compute.F32;

    @Option(
            names = "--save-dtype",
            paramLabel = "KIND",
            description =
                    "f32 or bf16: the element type of the written weights (default: as --compute)."
                            + " A finished run with --resume writes them anew.")
    private @Nullable Elements saved;

    @Option(
            names = "--weights",
            paramLabel = "KIND",
            defaultValue = "bf16",
            converter = WeightFormats.class,
            completionCandidates = WeightFormats.class,
            description =
                    "The frozen base of an adapter: ${COMPLETION-CANDIDATES}; bf16: as stored.")
    private DType weights = DType.BF16;

    @Mixin private TrainDeviceOptions device = new TrainDeviceOptions();

    boolean lora() {
        return method == Method.LORA;
    }

    private double alpha() {
        return alpha != null ? alpha : 2.0 * rank;
    }

    /** Returns the options of the device. */
    TrainDeviceOptions device() {
        return device;
    }

    /**
     * Returns the options of the decoder in training.
     *
     * @param tokensMax tokens of the longest demonstration
     */
    DecoderOptions decoder(Path folder, int tokensMax) {
        if (weights == DType.FP8) {
            throw new InputException("--weights fp8: no kernel of training reads it; use int8");
        }
        TrainingMethod trained =
                lora()
                        ? new LoraSettings(rank, alpha(), rsLora, projections(), dropout)
                        : new FullSettings(compute == Compute.BF16);
        DecoderOptions kept =
                new DecoderOptions(
                        trained,
                        weights.quantizable() ? weights : null,
                        device.device(),
                        DeviceLayout.RESIDENT,
                        device.threads(),
                        compute == Compute.BF16 ? DType.BF16 : DType.F32,
                        false);
        return device.choose(folder, kept, tokensMax);
    }

    /**
     * Returns the settings of an engine that serves what is trained: the frozen base of an adapter,
     * or a checkpoint of all weights.
     */
    EngineConfig engine(Path folder) {
        return EngineConfig.of(folder)
                .withDevice(device.device())
                .withThreads(device.threads())
                .withWeights(lora() && weights.quantizable() ? weights : null);
    }

    /** Returns the adapted projections: all, or q_proj and the like. */
    private Set<Projection> projections() {
        if (targets.equals(List.of("all"))) {
            return EnumSet.allOf(Projection.class);
        }
        Set<Projection> chosen = EnumSet.noneOf(Projection.class);
        for (String target : targets) {
            chosen.add(
                    Arrays.stream(Projection.values())
                            .filter(each -> name(each).equals(target))
                            .findFirst()
                            .orElseThrow(
                                    () ->
                                            new InputException(
                                                    "--targets: there is no layer "
                                                            + ErrorText.quote(target)
                                                            + "; all, or "
                                                            + names())));
        }
        return chosen;
    }

    private static String names() {
        return Arrays.stream(Projection.values())
                .map(TrainMethodOptions::name)
                .collect(Collectors.joining(","));
    }

    private static String name(Projection projection) {
        return projection.name().toLowerCase(Locale.ROOT) + "_proj";
    }

    /** The folder of the initial adapter; null if it is drawn. */
    @Nullable Path init() {
        return init;
    }

    /** Whether all weights are drawn anew. */
    boolean fromScratch() {
        if (fromScratch && lora()) {
            throw new InputException("--from-scratch needs --method full");
        }
        return fromScratch;
    }

    /**
     * Returns the folder of the model that is trained: the given one, or a blank checkpoint that is
     * written into the folder of the run.
     *
     * @param run the folder of the run; null if there is none
     */
    Path start(Path given, @Nullable Path run) {
        if (config == null) {
            return given;
        }
        if (!fromScratch()) {
            throw new InputException("--config needs --from-scratch");
        }
        if (run == null) {
            throw new InputException("--config needs --out, for the model that it describes");
        }
        Settings.read(config); // a clear error if it is missing or malformed
        Path start = run.resolve("start");
        try {
            new BlankCheckpoint(config, given).write(start);
        } catch (IOException e) {
            throw new InputException(
                    "%s: cannot be written: %s".formatted(start, ErrorText.line(String.valueOf(e))),
                    e);
        }
        return start;
    }

    /** The element type of the written weights. */
    Elements elements() {
        return saved != null ? saved : Elements.valueOf(compute.name());
    }

    /** Returns the form of the written weights. */
    ModelOutput output(Path base) {
        return lora()
                ? new AdapterOutput(rank, alpha(), rsLora, elements())
                : new CheckpointOutput(base, elements());
    }

    /** Returns the settings that decide the result, by name. */
    Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        settings.put("method", method.toString());
        settings.put("compute", compute.toString());
        settings.put("weights", weights.label());
        settings.put("device", device.device().name());
        settings.put("from_scratch", Boolean.toString(fromScratch));
        if (config != null) {
            settings.put("config_sha256", Sha256.hex(Settings.read(config).json()));
        }
        if (lora()) {
            settings.put("rank", Integer.toString(rank));
            settings.put("alpha", Double.toString(alpha()));
            settings.put("rslora", Boolean.toString(rsLora));
            settings.put("targets", String.join(",", targets));
            settings.put("dropout", Double.toString(dropout));
            settings.put("lora_init", init == null ? "random" : init.toString());
        }
        return settings;
    }
}
