package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.kernels.tensor.DType;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The quantisation of the linear layers of a checkpoint, from {@code quantization_config} in its
 * {@code config.json}. A weight is scale (code - zero), where a group of an output's inputs shares
 * one scale and one zero point; {@code PackedLinear} describes the tensors. This configuration does
 * not list the quantised layers: a layer is quantised if its packed tensors exist.
 *
 * @param method the method that packed it
 * @param bits bits per code
 * @param groupInputs inputs per scale; 0 means all inputs share one
 * @param zeroOffset added to stored zero points: 1 for GPTQ's first format, else 0
 */
public record QuantizationScheme(Method method, int bits, int groupInputs, int zeroOffset) {
    private static final String KEY = "quantization_config";
    private static final String MLX_KEY = "quantization";
    private static final int GROUP_INPUTS_MAX = 1 << 18;

    /** A quantisation method. */
    public enum Method {
        /** Frantar et al., 2022, as AutoGPTQ and GPTQModel write it. */
        GPTQ,
        /** Lin et al., 2023, as AutoAWQ writes it: version gemm. */
        AWQ;

        /** Returns the dtypes that its weights are repacked to, fewest bits first. */
        private List<DType> dtypes() {
            return DType.ofQuantMethod(name().toLowerCase(Locale.ROOT));
        }
    }

    /**
     * Returns the scheme in a configuration, or empty if it has none.
     *
     * @throws InputException if the scheme is not supported; the message names the key responsible
     */
    public static Optional<QuantizationScheme> read(Settings config) {
        if (config.has(MLX_KEY)) {
            throw config.refuse(
                    MLX_KEY,
                    "shows weights that MLX quantised, which cannot be read; use the folder of the"
                            + " original model, or of its GPTQ or AWQ version");
        }
        return config.object(KEY)
                .map(
                        settings ->
                                switch (settings.string("quant_method").orElse("")) {
                                    case "gptq" -> gptq(settings);
                                    case "awq" -> awq(settings);
                                    default ->
                                            throw settings.refuse(
                                                    "quant_method", "must be gptq or awq");
                                });
    }

    private static QuantizationScheme gptq(Settings settings) {
        DType dtype = dtype(settings, Method.GPTQ);
        if (!settings.isEmpty("dynamic")) {
            throw settings.refuse("dynamic", "has settings per layer, which are not supported");
        }
        if (settings.bool("is_marlin_format", false)) {
            throw settings.refuse("is_marlin_format", "is true: only gptq and gptq_v2 are read");
        }
        String format = settings.string("checkpoint_format").orElse("gptq");
        int offset =
                switch (format) {
                    case "gptq" -> 1;
                    case "gptq_v2" -> 0;
                    default ->
                            throw settings.refuse(
                                    "checkpoint_format", "must be gptq or gptq_v2 to be read");
                };
        return new QuantizationScheme(Method.GPTQ, bits(dtype), group(settings, dtype), offset);
    }

    private static QuantizationScheme awq(Settings settings) {
        DType dtype = dtype(settings, Method.AWQ);
        String version = settings.string("version").orElse("gemm");
        if (!version.toLowerCase(Locale.ROOT).equals("gemm")) {
            throw settings.refuse("version", "must be gemm to be read");
        }
        if (!settings.bool("zero_point", true)) {
            throw settings.refuse("zero_point", "is false: only AWQ with zero points is read");
        }
        return new QuantizationScheme(Method.AWQ, bits(dtype), group(settings, dtype), 0);
    }

    private static DType dtype(Settings settings, Method method) {
        int bits = settings.requiredInteger("bits", 1, 32);
        return find(method, bits)
                .orElseThrow(
                        () ->
                                settings.refuse(
                                        "bits",
                                        "is %d: %s is read in %s bits"
                                                .formatted(bits, method, bitsRead(method))));
    }

    private static Optional<DType> find(Method method, int bits) {
        return method.dtypes().stream().filter(dtype -> bits(dtype) == bits).findFirst();
    }

    private static int bits(DType dtype) {
        return dtype.format().codes().bits();
    }

    private static String bitsRead(Method method) {
        return method.dtypes().stream()
                .map(dtype -> String.valueOf(bits(dtype)))
                .collect(Collectors.joining(" and "));
    }

    /**
     * Reads the number of inputs per group, 0 for one group. A group may span several groups of the
     * dtype, which then repeat its scale.
     */
    private static int group(Settings settings, DType dtype) {
        int own = dtype.format().group();
        int group = settings.requiredInteger("group_size", -1, GROUP_INPUTS_MAX);
        if (group == -1) {
            return 0;
        }
        if (group == 0 || group % own != 0) {
            throw settings.refuse(
                    "group_size",
                    "is %d: must be -1 or a multiple of %d, the group of the kernels"
                            .formatted(group, own));
        }
        return group;
    }

    /** Returns the dtype that its weights are repacked to for the kernels. */
    public DType dtype() {
        return find(method, bits)
                .orElseThrow(() -> new IllegalStateException(method + " has no format of " + bits));
    }

    /** Describes the scheme, for example {@code GPTQ, 4 bits, groups of 128}. */
    public String description() {
        return "%s, %d bits, %s"
                .formatted(
                        method, bits, groupInputs == 0 ? "one group" : "groups of " + groupInputs);
    }

    /** Returns the number of groups in a layer with that many inputs. */
    public int groups(int inputs) {
        return groupInputs == 0 ? 1 : Math.ceilDiv(inputs, groupInputs);
    }
}
