package dev.longhand.app.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Rewords errors of the library for the command line. The library names settings of its API, such
 * as {@code EngineConfig.threads}; here they become the options that set them.
 */
public final class OptionNames {
    /** Maps wordings of the API to options. A wording that contains another stands before it. */
    private static final Map<String, String> OPTION_BY_SETTING = new LinkedHashMap<>();

    static {
        OPTION_BY_SETTING.put("leave out EngineConfig.weights", "use --weights bf16");
        OPTION_BY_SETTING.put("EngineConfig.contextTokensMax", "--max-context");
        OPTION_BY_SETTING.put("resume it, or choose", "use --resume, or choose");
        OPTION_BY_SETTING.put("that must be asked for by Saves.extend", "add --extend");
        OPTION_BY_SETTING.put("EngineConfig.threads", "--threads");
        OPTION_BY_SETTING.put("sequencesMax", "--sequences");
        OPTION_BY_SETTING.put("kvTokensMax", "--kv-tokens");
        OPTION_BY_SETTING.put("Device.CPU", "--device cpu");
        OPTION_BY_SETTING.put("Device.CUDA", "--device cuda");
        OPTION_BY_SETTING.put("Prefill.CUBLAS", "--prefill cublas");
        OPTION_BY_SETTING.put("Prompt.Text", "--raw");
        OPTION_BY_SETTING.put("Prompt.Ids", "--prompt-ids");
        OPTION_BY_SETTING.put("hf download", "longhand pull");
        OPTION_BY_SETTING.put("another output file", "another --out");
    }

    private OptionNames() {}

    /** Returns the message with options in place of the API's settings. */
    public static String reword(String message) {
        String reworded = message;
        for (Map.Entry<String, String> each : OPTION_BY_SETTING.entrySet()) {
            reworded = reworded.replace(each.getKey(), each.getValue());
        }
        return reworded;
    }
}
