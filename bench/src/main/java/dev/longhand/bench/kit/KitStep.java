package dev.longhand.bench.kit;

import java.time.Duration;
import java.util.List;

/**
 * One step of the kit: a process of its own.
 *
 * @param name the name on the command line and of the result files
 * @param group the command that runs it
 * @param what what it shows, in one line
 * @param limit the time after which the process is ended
 * @param wrapper a program that runs the step's JVM, with its arguments; empty for none. {@value
 *     #OUT} in an argument stands for the results' folder
 * @param jvm further options of the step's JVM
 * @param program what the JVM runs
 * @param onGpu arguments of the program on a GPU
 * @param onPtx arguments on the PTX device; empty if the step needs a GPU
 */
record KitStep(
        String name,
        Group group,
        String what,
        Duration limit,
        List<String> wrapper,
        List<String> jvm,
        Program program,
        List<String> onGpu,
        List<String> onPtx) {
    /** The results' folder, in an argument. */
    static final String OUT = "{out}";

    /** The commands of the kit. */
    enum Group {
        /** Whether results are right. */
        CHECK,
        /** How fast they come. */
        BENCH
    }

    /** What a step's JVM runs. */
    enum Program {
        /** A command of {@code bench}. */
        BENCH,
        /** Test classes or methods. */
        TESTS
    }

    KitStep {
        wrapper = List.copyOf(wrapper);
        jvm = List.copyOf(jvm);
        onGpu = List.copyOf(onGpu);
        onPtx = List.copyOf(onPtx);
    }

    /** Returns the step with a wrapper around its JVM, which only a GPU has use for. */
    KitStep under(String... wrapping) {
        return new KitStep(
                name, group, what, limit, List.of(wrapping), jvm, program, onGpu, List.of());
    }

    /** Returns the step with further options of its JVM. */
    KitStep with(String... options) {
        return new KitStep(
                name, group, what, limit, wrapper, List.of(options), program, onGpu, onPtx);
    }

    /** Returns the arguments on a device. */
    List<String> arguments(KitDevice device) {
        return device == KitDevice.PTX ? onPtx : onGpu;
    }
}
